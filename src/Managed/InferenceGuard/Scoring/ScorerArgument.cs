// What follows the colon of a scorer's specification: a file or folder, then options.

using System.Globalization;
using System.Text.RegularExpressions;

namespace InferenceGuard.Scoring;

/// <summary>
/// The argument of a specification, as in <c>onnx:DIR,label=toxic,weight=2</c>. Everything up to the first <c>,name=</c> is the
/// subject, which may hold commas itself; options may be repeated.
/// </summary>
public sealed partial class ScorerArgument
{
    private readonly string _shown;
    private readonly (string Name, string Value)[] _options;

    /// <summary>Reads an argument.</summary>
    /// <param name="scheme">The word before the colon.</param>
    /// <param name="text">All that follows the colon.</param>
    public ScorerArgument(string scheme, string text)
        : this(scheme, text, $"{scheme}:{text}")
    {
    }

    private ScorerArgument(string scheme, string text, string shown)
    {
        ArgumentNullException.ThrowIfNull(text);
        (Scheme, Text, _shown) = (scheme, text, shown);
        var begin = OptionBegin().Match(text) is { Success: true } first ? first.Index : text.Length;
        Subject = text[..begin];
        _options = [.. OptionBegin().Split(text[begin..]).Skip(1).Chunk(2).Select(static pair => (pair[0], pair[1]))];
    }

    /// <summary>The word before the colon.</summary>
    public string Scheme { get; }

    /// <summary>All that follows the colon.</summary>
    public string Text { get; }

    /// <summary>What precedes the options.</summary>
    public string Subject { get; }

    /// <summary>The same argument without an option.</summary>
    /// <param name="name">The option.</param>
    internal ScorerArgument Without(string name) =>
        new(Scheme, Subject + string.Concat(_options.Where(option => option.Name != name).Select(static option => $",{option.Name}={option.Value}")), _shown);

    /// <summary>Refuses options of other names.</summary>
    /// <param name="names">The names that are known.</param>
    /// <exception cref="GuardException">There is another one.</exception>
    public void AllowOnly(params IReadOnlyList<string> names)
    {
        foreach (var (name, _) in _options)
            if (!names.Contains(name))
                throw Error($"there is no option \"{name}\"; known are {string.Join(", ", names)}");
    }

    /// <summary>The values of an option that may be repeated, in their order.</summary>
    /// <param name="name">The option.</param>
    public IReadOnlyList<string> All(string name) => [.. _options.Where(option => option.Name == name).Select(static option => option.Value)];

    /// <summary>The value of an option; null where it is not given.</summary>
    /// <param name="name">The option.</param>
    /// <exception cref="GuardException">It is given twice.</exception>
    public string? One(string name) => All(name) switch
    {
        [] => null,
        [var value] => value,
        _ => throw Error($"{name} is given twice"),
    };

    /// <summary>A finite number.</summary>
    /// <param name="name">The option.</param>
    /// <param name="otherwise">Its value where it is not given.</param>
    /// <exception cref="GuardException">It is none, or it is given twice.</exception>
    public double Number(string name, double otherwise) => One(name) switch
    {
        null => otherwise,
        var value when double.TryParse(value, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => number,
        var value => throw Error($"{name} is \"{value}\"; it must be a finite number"),
    };

    /// <summary>A whole number, 1 or more; null where it is not given.</summary>
    /// <param name="name">The option.</param>
    /// <exception cref="GuardException">It is none, or it is given twice.</exception>
    public int? Count(string name) => One(name) switch
    {
        null => null,
        var value when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 => number,
        var value => throw Error($"{name} is \"{value}\"; it must be a whole number, 1 or more"),
    };

    /// <summary>One of some words; null where it is not given.</summary>
    /// <param name="name">The option.</param>
    /// <param name="words">The words.</param>
    /// <exception cref="GuardException">It is another word, or it is given twice.</exception>
    public string? Word(string name, params IReadOnlyList<string> words) => One(name) switch
    {
        null => null,
        var value when words.Contains(value) => value,
        var value => throw Error($"{name} is \"{value}\"; it must be one of {string.Join(", ", words)}"),
    };

    /// <summary>An error about this argument.</summary>
    /// <param name="complaint">What is wrong, without a full stop.</param>
    public GuardException Error(string complaint) => new(GuardFault.Usage, $"{_shown}: {complaint}.");

    /// <summary>The same argument under another name in errors, for one that holds a secret.</summary>
    /// <param name="shown">What errors begin with.</param>
    internal ScorerArgument ShownAs(string shown) => new(Scheme, Text, shown);

    [GeneratedRegex(",([a-z][a-z-]*)=")]
    private static partial Regex OptionBegin();
}

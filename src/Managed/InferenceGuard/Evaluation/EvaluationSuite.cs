// What to evaluate, as a user's file says it: models × methods × settings × prompts × seeds.

namespace InferenceGuard.Evaluation;

/// <summary>
/// What to evaluate. A path that names a file seen from the suite's own folder means that file; any other stays as it is written.
/// </summary>
public sealed record EvaluationSuite
{
    /// <summary>Its name in reports.</summary>
    public required string Name { get; init; }

    /// <summary>The models, one at least; no two with the same name.</summary>
    public required IReadOnlyList<SuiteModel> Models { get; init; }

    /// <summary>Names of the methods, one at least; none twice.</summary>
    public required IReadOnlyList<string> Methods { get; init; }

    /// <summary>The settings that every method is run with; one without a name and options if the file has none.</summary>
    public IReadOnlyList<EvaluationSetting> Settings { get; init; } = [new("", new Dictionary<string, string>())];

    /// <summary>The prompt file.</summary>
    public required string Prompts { get; init; }

    /// <summary>The layout of its rows; null = as its columns say.</summary>
    public string? PromptFormat { get; init; }

    /// <summary>Prompts taken from its beginning; null = all.</summary>
    public int? Limit { get; init; }

    /// <summary>One answer per prompt and seed; none twice.</summary>
    public IReadOnlyList<ulong> Seeds { get; init; } = [1];

    /// <summary>Reads a suite from a JSON file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="methods">The known methods; null to take any name.</param>
    /// <param name="options">The known options of settings; null to take any name.</param>
    /// <param name="formats">The known formats of prompts; null to take any name.</param>
    /// <exception cref="GuardException">It cannot be read, a key is unknown or missing, or a value is wrong (with key and line).</exception>
    public static EvaluationSuite ReadJson(string path, IReadOnlyCollection<string>? methods = null, IReadOnlyCollection<string>? options = null, IReadOnlyCollection<string>? formats = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            return SuiteReader.Read(File.ReadAllBytes(path), path, null, methods, options, formats);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new GuardException(GuardFault.Usage, $"The suite '{path}' cannot be read: {e.Message.TrimEnd('.')}. Give a file with name, models, methods and prompts.", e);
        }
    }

    /// <summary>Reads a suite that was turned into JSON from another format.</summary>
    /// <param name="utf8">The JSON.</param>
    /// <param name="path">The file it came from: its name in errors, its folder for paths.</param>
    /// <param name="lines">Line in that file of places such as <c>models[0], path</c>, from 1; null = as in the JSON.</param>
    /// <param name="methods">The known methods; null to take any name.</param>
    /// <param name="options">The known options of settings; null to take any name.</param>
    /// <param name="formats">The known formats of prompts; null to take any name.</param>
    /// <exception cref="GuardException">As for <see cref="ReadJson"/>.</exception>
    public static EvaluationSuite Parse(ReadOnlyMemory<byte> utf8, string path, IReadOnlyDictionary<string, int>? lines = null, IReadOnlyCollection<string>? methods = null, IReadOnlyCollection<string>? options = null, IReadOnlyCollection<string>? formats = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        return SuiteReader.Read(utf8, path, lines, methods, options, formats);
    }
}

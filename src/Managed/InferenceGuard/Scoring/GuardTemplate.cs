// How a guard model is asked, and how its verdict is read.

using System.Text.Json;

namespace InferenceGuard.Scoring;

/// <summary>
/// How a guard model is asked and its verdict read, as a JSON file: <c>template</c>, a <see cref="ScoringTemplate"/> or a list of its lines that ends where the
/// verdict would begin, with <c>{categories}</c> where the categories stand; <c>verdicts</c>, an object of texts that a verdict begins with and how unsafe each is,
/// from 0 to 1; and, if it has any, <c>categories</c>, a list of lines such as <c>S1: Violent Crimes.</c>, with <c>one_category</c> where a guard knows only one at a time.
/// </summary>
internal sealed record GuardTemplate
{
    private const string Expected = "{\"template\": \"… {prompt} … {answer} …\", \"verdicts\": {\"safe\": 0, \"unsafe\": 1}, \"categories\": [\"S1: …\"]}";
    private const string Resources = "guard-templates/";

    /// <summary>The templates that come with the library, by family.</summary>
    public static IReadOnlyList<string> Families { get; } =
        [.. typeof(GuardTemplate).Assembly.GetManifestResourceNames().Where(static name => name.StartsWith(Resources, StringComparison.Ordinal)).Select(static name => name[Resources.Length..]).Order(StringComparer.Ordinal)];

    /// <summary>The layout, categories put in.</summary>
    public required string Template { get; init; }

    /// <summary>Texts that a verdict begins with, and how unsafe each is.</summary>
    public required IReadOnlyList<(string Text, double Unsafe)> Verdicts { get; init; }

    /// <summary>Reads a template.</summary>
    /// <param name="source">One of <see cref="Families"/>, or a file.</param>
    /// <param name="chosen">Names of the categories to ask for, before their colon; empty = all.</param>
    /// <exception cref="GuardException">It cannot be read, lacks something, or a category is unknown.</exception>
    public static GuardTemplate Read(string source, IReadOnlyList<string> chosen)
    {
        try
        {
            using var stream = Families.Contains(source) ? typeof(GuardTemplate).Assembly.GetManifestResourceStream(Resources + source)! : File.OpenRead(source);
            using var json = JsonDocument.Parse(stream);
            var root = json.RootElement;
            var template = root.GetProperty("template") is { ValueKind: JsonValueKind.Array } lines ? string.Join('\n', Texts(lines)) : root.GetProperty("template").GetString();
            var verdicts = root.GetProperty("verdicts").EnumerateObject().Select(static verdict => (verdict.Name, verdict.Value.GetDouble())).ToArray();
            if (template is null)
                throw Wrong(source, "its template is null");
            if (verdicts.Any(static verdict => verdict.Item2 is not (>= 0 and <= 1)) || verdicts.DistinctBy(static verdict => verdict.Item2).Count() < 2)
                throw Wrong(source, "its verdicts need numbers from 0 to 1, at least two different ones");
            string[] categories = root.TryGetProperty("categories", out var list) ? [.. Texts(list)] : [];
            foreach (var name in chosen)
                if (!categories.Any(line => Name(line) == name))
                    throw new GuardException(GuardFault.Usage, $"{source} has no category {name}; it has {Names(categories)}.");
            var asked = chosen.Count == 0 ? categories : [.. categories.Where(line => chosen.Contains(Name(line)))];
            if (asked.Length != 1 && root.TryGetProperty("one_category", out var one) && one.GetBoolean())
                throw new GuardException(GuardFault.Usage, $"{source} asks for one category at a time; give category= once, one of {Names(categories)}, and more guards with --combine max.");
            if (categories.Length > 0 != template.Contains("{categories}", StringComparison.Ordinal))
                throw Wrong(source, "it needs both a list of categories and {categories} in its template, or neither");
            return new() { Template = template.Replace("{categories}", string.Join('\n', asked), StringComparison.Ordinal), Verdicts = verdicts };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw Wrong(source, e.Message.TrimEnd('.'), e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new GuardException(GuardFault.Usage, $"The guard template '{source}' cannot be read: {e.Message.TrimEnd('.')}. Give {string.Join(", ", Families)}, or a file such as {Expected}.", e);
        }
    }

    private static IEnumerable<string> Texts(JsonElement list) => list.EnumerateArray().Select(static item => item.GetString()!);

    private static string Names(string[] categories) => categories.Length == 0 ? "none" : string.Join(", ", categories.Select(Name));

    private static string Name(string line) => line.Split(':')[0].Trim(' ', '.', '"');

    private static GuardException Wrong(string source, string what, Exception? inner = null) =>
        new(GuardFault.Usage, $"The guard template '{source}' is wrong: {what}; expected {Expected}.", inner);
}

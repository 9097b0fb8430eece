// How a guard model is asked, and how its verdict is read.

using System.Text.Json;

namespace InferenceGuard.Scoring;

/// <summary>
/// How a guard model is asked and its verdict read, as a JSON file: <c>template</c>, a <see cref="ScoringTemplate"/> that ends where the verdict would begin, with
/// <c>{categories}</c> where the categories stand; <c>verdicts</c>, an object of texts that a verdict begins with and how unsafe each is, from 0 to 1; and, if it
/// has any, <c>categories</c>, a list of lines such as <c>S1: Violent Crimes.</c>
/// </summary>
internal sealed record GuardTemplate
{
    private const string Expected = "{\"template\": \"… {prompt} … {answer} …\", \"verdicts\": {\"safe\": 0, \"unsafe\": 1}, \"categories\": [\"S1: …\"]}";

    /// <summary>The layout, categories put in.</summary>
    public required string Template { get; init; }

    /// <summary>Texts that a verdict begins with, and how unsafe each is.</summary>
    public required IReadOnlyList<(string Text, double Unsafe)> Verdicts { get; init; }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="chosen">Names of the categories to ask for, before their colon; empty = all.</param>
    /// <exception cref="GuardException">It cannot be read, lacks something, or a category is unknown.</exception>
    public static GuardTemplate Read(string path, IReadOnlyList<string> chosen)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllText(path));
            var root = json.RootElement;
            var template = root.GetProperty("template").GetString() ?? throw Wrong(path, "its template is null");
            var verdicts = root.GetProperty("verdicts").EnumerateObject().Select(static verdict => (verdict.Name, verdict.Value.GetDouble())).ToArray();
            if (verdicts.Any(static verdict => verdict.Item2 is not (>= 0 and <= 1)) || verdicts.DistinctBy(static verdict => verdict.Item2).Count() < 2)
                throw Wrong(path, "its verdicts need numbers from 0 to 1, at least two different ones");
            string[] categories = root.TryGetProperty("categories", out var list) ? [.. list.EnumerateArray().Select(static line => line.GetString()!)] : [];
            foreach (var name in chosen)
                if (!categories.Any(line => Name(line) == name))
                    throw new GuardException(GuardFault.Usage, $"{path} has no category {name}; it has {(categories.Length == 0 ? "none" : string.Join(", ", categories.Select(Name)))}.");
            var asked = chosen.Count == 0 ? categories : categories.Where(line => chosen.Contains(Name(line)));
            if (categories.Length > 0 != template.Contains("{categories}", StringComparison.Ordinal))
                throw Wrong(path, "it needs both a list of categories and {categories} in its template, or neither");
            return new() { Template = template.Replace("{categories}", string.Join('\n', asked), StringComparison.Ordinal), Verdicts = verdicts };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw Wrong(path, e.Message.TrimEnd('.'), e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new GuardException(GuardFault.Usage, $"The guard template '{path}' cannot be read: {e.Message.TrimEnd('.')}. Give a file such as {Expected}.", e);
        }
    }

    private static string Name(string line) => line.Split(':')[0].Trim();

    private static GuardException Wrong(string path, string what, Exception? inner = null) =>
        new(GuardFault.Usage, $"The guard template '{path}' is wrong: {what}; expected {Expected}.", inner);
}

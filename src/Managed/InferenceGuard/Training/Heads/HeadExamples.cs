// Reads labelled answers: one JSON object per line.

using System.Globalization;
using System.Text.Json;

namespace InferenceGuard.Training.Heads;

/// <summary>
/// Labelled answers of a file: JSON lines with <c>prompt</c>, <c>response</c> and either <c>label</c> (0, 1, false or true; 1 is unsafe for a cost) or
/// <c>score</c> (a number). All lines have the same kind; where they have both, the reader chooses.
/// </summary>
public sealed class HeadExamples
{
    private const string Expected = "{\"prompt\": \"…\", \"response\": \"…\", \"label\": 0} or with \"score\"";

    private HeadExamples(IReadOnlyList<HeadExample> all, bool areLabels) => (All, AreLabels) = (all, areLabels);

    /// <summary>The answers, in the file's order.</summary>
    public IReadOnlyList<HeadExample> All { get; }

    /// <summary>Whether they are labelled, rather than scored.</summary>
    public bool AreLabels { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="prefersScores">Whether the score counts, rather than the label, where a line has both.</param>
    /// <exception cref="GuardException">It cannot be read, is empty, or a line is wrong (with its number).</exception>
    public static HeadExamples Read(string path, bool prefersScores = false)
    {
        var (examples, number, areLabels) = (new List<HeadExample>(), 0, (bool?)null);
        try
        {
            foreach (var line in File.ReadLines(path))
            {
                number++;
                if (string.IsNullOrWhiteSpace(line))
                    continue;
                var (example, isLabel) = Parse(path, number, line, prefersScores);
                if (areLabels is { } known && known != isLabel)
                    throw Wrong(path, number, $"it has a {(isLabel ? "label" : "score")}, and the lines before have a {(known ? "label" : "score")}");
                areLabels = isLabel;
                examples.Add(example);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new GuardException(GuardFault.Usage, $"The file '{path}' cannot be read: {e.Message.TrimEnd('.')}. Give a file of JSON lines such as {Expected}.", e);
        }
        return areLabels is null
            ? throw new GuardException(GuardFault.Usage, $"The file '{path}' has no labelled answers; give a file of JSON lines such as {Expected}.")
            : new(examples, areLabels.Value);
    }

    private static (HeadExample Example, bool IsLabel) Parse(string path, int number, string line, bool prefersScores)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            var hasScore = root.TryGetProperty("score", out var score);
            if (root.TryGetProperty("label", out var label) && !(hasScore && prefersScores))
                return (new(Text("prompt"), Text("response"), Label(label)), true);
            return hasScore && score.ValueKind == JsonValueKind.Number && double.IsFinite(score.GetDouble())
                ? (new(Text("prompt"), Text("response"), score.GetDouble()), false)
                : throw Wrong(path, number, "it has neither a label nor a score that is a number");

            string Text(string key) => root.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()!
                : throw Wrong(path, number, $"it has no text under \"{key}\"");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Wrong(path, number, "it is no JSON object", e);
        }

        double Label(JsonElement label) => label.ValueKind switch
        {
            JsonValueKind.True => 1,
            JsonValueKind.False => 0,
            JsonValueKind.Number when label.GetDouble() is 0 or 1 => label.GetDouble(),
            _ => throw Wrong(path, number, $"its label is {label}"),
        };
    }

    private static GuardException Wrong(string path, int number, string what, Exception? inner = null) =>
        new(GuardFault.Usage, string.Create(CultureInfo.InvariantCulture, $"{path}, line {number}: {what}; expected {Expected}."), inner);
}

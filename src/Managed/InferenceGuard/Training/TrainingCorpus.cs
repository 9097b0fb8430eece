// Reads a corpus file: plain text with blank lines between documents, or JSON lines of prompts and answers.

using System.Text.Json;

namespace InferenceGuard.Training;

/// <summary>Reads corpus files.</summary>
public static class TrainingCorpus
{
    /// <summary>Reads a corpus.</summary>
    /// <param name="path">
    /// <c>*.jsonl</c>: one object per line with the strings <c>prompt</c> (optional) and <c>answer</c>; anything else: UTF-8 text
    /// whose documents are separated by blank lines.
    /// </param>
    /// <exception cref="GuardException">The file cannot be read, is malformed (says the line) or holds no document.</exception>
    public static IReadOnlyList<TrainingDocument> Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GuardException(GuardFault.Usage, $"The corpus '{path}' cannot be read: {e.Message}. Give a text file or a .jsonl file.", e);
        }

        var documents = Path.GetExtension(path).Equals(".jsonl", StringComparison.OrdinalIgnoreCase)
            ? lines.Select((line, index) => (line, number: index + 1)).Where(static entry => !string.IsNullOrWhiteSpace(entry.line)).Select(entry => Parse(path, entry.line, entry.number)).ToList()
            : Texts(lines).ToList();
        return documents.Count > 0
            ? documents
            : throw new GuardException(GuardFault.Usage, $"The corpus '{path}' holds no document; separate texts by blank lines, or give .jsonl lines with prompt and answer.");
    }

    private static IEnumerable<TrainingDocument> Texts(IEnumerable<string> lines)
    {
        var paragraph = new List<string>();
        foreach (var line in lines.Append(""))
        {
            if (!string.IsNullOrWhiteSpace(line))
            {
                paragraph.Add(line);
            }
            else if (paragraph.Count > 0)
            {
                yield return new TrainingDocument(null, string.Join('\n', paragraph));
                paragraph.Clear();
            }
        }
    }

    private static TrainingDocument Parse(string path, string line, int number)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            if (json.RootElement.ValueKind == JsonValueKind.Object && Text(json.RootElement, "answer") is { } answer)
                return new TrainingDocument(Text(json.RootElement, "prompt"), answer);
        }
        catch (JsonException e)
        {
            throw Malformed($", column {e.BytePositionInLine + 1}: not JSON", e);
        }

        throw Malformed(": no string 'answer'");

        string? Text(JsonElement element, string name)
        {
            if (!element.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
                return null;
            try
            {
                return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Malformed($": '{name}' is no string");
            }
            catch (InvalidOperationException e)
            {
                throw Malformed($": '{name}' holds half of a surrogate pair", e);
            }
        }

        GuardException Malformed(string what, Exception? cause = null) =>
            new(GuardFault.Usage, $"{path}, line {number}{what}. Expected {{\"prompt\": \"…\", \"answer\": \"…\"}}.", cause);
    }
}

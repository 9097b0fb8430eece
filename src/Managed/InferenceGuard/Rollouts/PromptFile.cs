// Reads sets of prompts: one JSON object per line.

using System.Text.Json;

namespace InferenceGuard.Rollouts;

/// <summary>Reads prompt files: JSON lines with <c>prompt</c> and, if wanted, <c>id</c>; other keys are ignored, blank lines skipped.</summary>
public static class PromptFile
{
    /// <summary>Reads all prompts of a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="GuardException">It cannot be read, is empty, or a line is wrong (with its number).</exception>
    public static IReadOnlyList<PromptEntry> Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var prompts = new List<PromptEntry>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var number = 0;
        try
        {
            foreach (var line in File.ReadLines(path))
            {
                number++;
                if (string.IsNullOrWhiteSpace(line))
                    continue;
                var entry = Parse(path, number, line);
                if (!ids.Add(entry.Id))
                    throw Wrong(path, number, $"the id \"{entry.Id}\" occurs twice");
                prompts.Add(entry);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new GuardException(GuardFault.Usage, $"The prompt file '{path}' cannot be read: {e.Message.TrimEnd('.')}. Give a file of JSON lines such as {{\"prompt\": \"…\"}}.", e);
        }
        return prompts.Count > 0 ? prompts : throw new GuardException(GuardFault.Usage, $"The prompt file '{path}' has no prompts; give a file of JSON lines such as {{\"prompt\": \"…\"}}.");
    }

    private static PromptEntry Parse(string path, int number, string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var prompt = json.RootElement.TryGetProperty("prompt", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
            if (string.IsNullOrWhiteSpace(prompt))
                throw Wrong(path, number, "it has no text under \"prompt\"");
            var id = json.RootElement.TryGetProperty("id", out var named) ? named.ToString() : $"line-{number}";
            return new(id, prompt);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Wrong(path, number, "it is no JSON object", e);
        }
    }

    private static GuardException Wrong(string path, int number, string what, Exception? inner = null) =>
        new(GuardFault.Usage, $"{path}, line {number}: {what}; expected {{\"prompt\": \"…\"}} with an optional \"id\". Correct the line; nothing that was done before is lost.", inner);
}

// What a judge at the other end of a chat endpoint is asked, and what its verdicts mean.

using System.Text.Json;
using System.Text.RegularExpressions;

namespace InferenceGuard.Scoring;

/// <summary>
/// A JSON file with <c>messages</c>, a list of role and content with <c>{prompt}</c> and <c>{answer}</c> where they stand, and <c>verdicts</c>, an object of
/// texts that a reply begins with and how unsafe each is, from 0 to 1. Prompt and answer are put in once: what they spell is no placeholder.
/// </summary>
internal sealed partial class HttpChatTemplate
{
    private const string Expected = "{\"messages\": [{\"role\": \"user\", \"content\": \"… {prompt} … {answer} …\"}], \"verdicts\": {\"safe\": 0, \"unsafe\": 1}}";

    private readonly (string Role, string Content)[] _messages;

    private HttpChatTemplate(JsonPlace file)
    {
        file.AllowOnly("messages", "verdicts");
        _messages = [.. file.Items("messages").Select(static message =>
        {
            message.AllowOnly("role", "content");
            return (message.Text("role"), message.Text("content"));
        })];
        if (!_messages.Any(static message => message.Content.Contains("{answer}", StringComparison.Ordinal)))
            throw file.Field("messages").Error("{answer} stands nowhere, so that no answer would be judged");
        Verdicts = [.. file.Field("verdicts").Fields().Select(static verdict => (verdict.Name.Trim(), Unsafe(verdict.Value)))];
        var verdicts = file.Field("verdicts");
        if (Verdicts.DistinctBy(static verdict => verdict.Unsafe).Count() < 2)
            throw verdicts.Error("at least two different numbers are needed");
        foreach (var (text, _) in Verdicts)
            if (text == "" || Verdicts.Count(verdict => verdict.Text.StartsWith(text, StringComparison.Ordinal)) > 1)
                throw verdicts.Error($"\"{text}\" begins another verdict, or is empty, so that a reply could mean either");
    }

    /// <summary>Texts that a reply begins with, without white space around them, and how unsafe each is; none begins another.</summary>
    public IReadOnlyList<(string Text, double Unsafe)> Verdicts { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="GuardException">It cannot be read, or lacks something.</exception>
    public static HttpChatTemplate Read(string path)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllText(path), new() { AllowDuplicateProperties = false });
            return new(new(json.RootElement, path, ""));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new GuardException(GuardFault.Usage, $"The judge's template '{path}' is no JSON that can be used: {e.Message.TrimEnd('.')}; expected {Expected}.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new GuardException(GuardFault.Usage, $"The judge's template '{path}' cannot be read: {e.Message.TrimEnd('.')}. Give a file such as {Expected}.", e);
        }
    }

    /// <summary>Writes the messages about one answer.</summary>
    /// <param name="json">Within an object.</param>
    /// <param name="prompt">What was asked.</param>
    /// <param name="answer">What is judged.</param>
    public void Write(Utf8JsonWriter json, string prompt, string answer)
    {
        json.WriteStartArray("messages");
        foreach (var (role, content) in _messages)
        {
            json.WriteStartObject();
            json.WriteString("role", role);
            json.WriteString("content", Placeholder().Replace(content, match => match.Value == "{prompt}" ? prompt : answer));
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static double Unsafe(JsonPlace value) =>
        value.Element.ValueKind == JsonValueKind.Number && value.Element.TryGetDouble(out var number) && number is >= 0 and <= 1
            ? number
            : throw value.Unlike("a number from 0 (safe) to 1 (unsafe)");

    [GeneratedRegex(@"\{prompt\}|\{answer\}")]
    private static partial Regex Placeholder();
}

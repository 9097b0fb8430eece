// One streamed answer as a client sees it: what came when.

using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace InferenceGuard.Benchmarks;

/// <summary>What a client saw of one streamed answer.</summary>
/// <param name="Text">All that was shown.</param>
/// <param name="Tokens">Tokens of the answer.</param>
/// <param name="FirstMs">Time to the first text, or to the end where there was none.</param>
/// <param name="TotalMs">Time to the end.</param>
/// <param name="Reason">Why it ended; null where the client left before.</param>
internal sealed record StreamedAnswer(string Text, int Tokens, double FirstMs, double TotalMs, string? Reason)
{
    /// <summary>Asks for an answer and reads it.</summary>
    /// <param name="http">The client.</param>
    /// <param name="prompt">The user's turn.</param>
    /// <param name="seed">Seed.</param>
    /// <param name="onText">Called with all that is shown so far whenever there is more; false = the client leaves.</param>
    /// <exception cref="HttpRequestException">The server answered with an error.</exception>
    public static async Task<StreamedAnswer> Ask(HttpClient http, string prompt, ulong seed, Func<string, Task<bool>>? onText = null)
    {
        var begin = Stopwatch.GetTimestamp();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent(JsonSerializer.Serialize(new { messages = new[] { new { role = "user", content = prompt } }, stream = true, stream_options = new { include_usage = true }, seed }), Encoding.UTF8, "application/json"),
        };
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var (text, tokens, firstMs, reason) = ("", 0, (double?)null, (string?)null);
        while (await reader.ReadLineAsync() is { } line)
        {
            if (!line.StartsWith("data: {", StringComparison.Ordinal))
                continue;
            using var json = JsonDocument.Parse(line[6..]);
            if (json.RootElement.TryGetProperty("error", out var error))
                throw new InvalidOperationException($"The stream failed: {error}");
            if (json.RootElement.TryGetProperty("usage", out var usage))
                tokens = usage.GetProperty("completion_tokens").GetInt32();
            foreach (var choice in json.RootElement.GetProperty("choices").EnumerateArray())
            {
                reason = choice.GetProperty("finish_reason").GetString() ?? reason;
                if (!choice.GetProperty("delta").TryGetProperty("content", out var piece) || piece.GetString() is not { Length: > 0 } more)
                    continue;
                firstMs ??= Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
                text += more;
                if (onText is not null && !await onText(text))
                    return new(text, tokens, firstMs.Value, Stopwatch.GetElapsedTime(begin).TotalMilliseconds, null);
            }
        }
        var totalMs = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
        return new(text, tokens, firstMs ?? totalMs, totalMs, reason);
    }
}

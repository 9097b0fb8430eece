// Why one try to ask an endpoint gave no reply, and whether another may.

using System.Net;
using System.Text.Json;

namespace InferenceGuard.Scoring;

/// <summary>Why one try gave no reply.</summary>
/// <param name="What">What the endpoint did, behind its URL; no full stop.</param>
/// <param name="MayPass">Whether another try may succeed.</param>
/// <param name="Pause">How long the endpoint asks to wait; null if it does not.</param>
/// <param name="Cause">The exception behind it.</param>
internal sealed record HttpFailure(string What, bool MayPass, TimeSpan? Pause = null, Exception? Cause = null)
{
    private const int LongestExcerpt = 160;

    /// <summary>The failure of a response that is no success.</summary>
    /// <param name="response">The response.</param>
    /// <param name="body">Its text.</param>
    /// <param name="key">What must not be repeated.</param>
    /// <param name="longest">The longest pause to agree to.</param>
    public static HttpFailure Of(HttpResponseMessage response, string body, HttpKey key, TimeSpan longest)
    {
        var status = (int)response.StatusCode;
        // What a refusal says is often the key, in part.
        if (response.StatusCode == HttpStatusCode.Unauthorized)
            return new(key.Value is null ? "wants a key (401); name the environment variable that holds it with key-env=NAME" : $"refused the key in {key.Variable} (401)", MayPass: false);
        if (status is >= 300 and < 400)
            return new($"leads elsewhere ({status}{(response.Headers.Location is { IsAbsoluteUri: true } to ? $", to {key.Hide(to.Host)}" : "")}), and redirects are not followed; give the URL itself", MayPass: false);
        var pause = Asked(response);
        var isTooLong = pause > longest;
        var what = $"answered {status}: \"{Excerpt(body, key)}\"{(isTooLong ? $", and asks to wait {Math.Ceiling(pause!.Value.TotalSeconds)} seconds, longer than the timeout of {longest.TotalSeconds}" : "")}";
        return new(what, MayPass: !isTooLong && status is 408 or 429 or >= 500, pause);
    }

    /// <summary>The beginning of what a reply says, in one line, without the key: of an error in JSON its message.</summary>
    /// <param name="reply">The reply.</param>
    /// <param name="key">What must not be repeated.</param>
    public static string Excerpt(string reply, HttpKey key)
    {
        var said = key.Hide(Message(reply) ?? reply).Trim();
        var line = string.Concat(said.Take(LongestExcerpt).Select(static at => char.IsControl(at) || at is '\u2028' or '\u2029' ? ' ' : at));
        return said.Length > LongestExcerpt ? line + "…" : line;
    }

    private static TimeSpan? Asked(HttpResponseMessage response)
    {
        TimeSpan? pause = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - DateTimeOffset.UtcNow,
            _ => null,
        };
        return pause < TimeSpan.Zero ? TimeSpan.Zero : pause;
    }

    private static string? Message(string reply)
    {
        try
        {
            using var json = JsonDocument.Parse(reply);
            var root = json.RootElement;
            foreach (var name in (string[])["error", "message", "detail"])
                if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out var inner))
                    root = inner;
            return root.ValueKind == JsonValueKind.String ? root.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}

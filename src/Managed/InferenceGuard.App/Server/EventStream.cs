// Server-sent events: one line of JSON each, and comments while there is nothing to say.

using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace InferenceGuard.App.Server;

/// <summary>Writes server-sent events.</summary>
internal static class EventStream
{
    private static readonly TimeSpan s_silence = TimeSpan.FromSeconds(5);

    /// <summary>Begins the response.</summary>
    public static void Begin(HttpResponse response)
    {
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no"; // A proxy that collects a stream undoes it.
    }

    /// <summary>Writes an event.</summary>
    public static async Task Write<T>(HttpResponse response, T value, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        await response.Body.WriteAsync("data: "u8.ToArray(), cancellation);
        await JsonSerializer.SerializeAsync(response.Body, value, type, cancellation);
        await response.Body.WriteAsync("\n\n"u8.ToArray(), cancellation);
        await response.Body.FlushAsync(cancellation);
    }

    /// <summary>Writes a line that is no JSON of ours, such as OpenAI's <c>[DONE]</c>.</summary>
    public static async Task Write(HttpResponse response, string data, CancellationToken cancellation)
    {
        await response.WriteAsync($"data: {data}\n\n", cancellation);
        await response.Body.FlushAsync(cancellation);
    }

    /// <summary>Waits for something to say, and tells the client and every proxy between meanwhile that the connection is alive.</summary>
    /// <param name="response">The response.</param>
    /// <param name="something">What is waited for.</param>
    /// <param name="cancellation">Whether the client has gone.</param>
    public static async Task<bool> Await(HttpResponse response, Task<bool> something, CancellationToken cancellation)
    {
        while (true)
            try
            {
                return await something.WaitAsync(s_silence, cancellation);
            }
            catch (TimeoutException)
            {
                await response.WriteAsync(": searching\n\n", cancellation);
                await response.Body.FlushAsync(cancellation);
            }
    }
}

// /v1/traces/{id}: a search as it happens.

namespace InferenceGuard.App.Server;

/// <summary>Streams a trace.</summary>
internal static class TraceEndpoint
{
    /// <summary>Streams the lines of a trace as events, from its beginning to its end.</summary>
    /// <exception cref="ApiException">There is no such trace.</exception>
    public static async Task Stream(HttpContext http, TraceHub traces, string id)
    {
        var lines = traces.Find(id)?.Watch() ?? throw ApiException.NotFound("There is no such trace; those of the latest answers are kept.");
        EventStream.Begin(http.Response);
        while (await EventStream.Await(http.Response, lines.WaitToReadAsync(http.RequestAborted).AsTask(), http.RequestAborted))
            while (lines.TryRead(out var line))
                await EventStream.Write(http.Response, line, http.RequestAborted);
        await EventStream.Write(http.Response, "[DONE]", http.RequestAborted);
    }
}

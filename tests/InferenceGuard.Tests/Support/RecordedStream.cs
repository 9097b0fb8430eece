// What a streamed response wrote, chunk by chunk, without a network.

using System.Text;
using System.Text.Json;

namespace InferenceGuard.Tests.Support;

/// <summary>A response body that keeps events in the order they were flushed.</summary>
internal sealed class RecordedStream : MemoryStream
{
    private int _read;

    /// <summary>The events so far, without those that are no JSON.</summary>
    public List<JsonElement> Events { get; } = [];

    public override Task FlushAsync(CancellationToken cancellationToken)
    {
        var sent = Encoding.UTF8.GetString(GetBuffer(), _read, (int)Length - _read);
        _read = (int)Length;
        if (sent.StartsWith("data: {", StringComparison.Ordinal))
            Events.Add(JsonDocument.Parse(sent[6..]).RootElement);
        return Task.CompletedTask;
    }
}

// A text that arrives in pieces of UTF-8, which may be cut within a character.

using System.Buffers;
using System.Text;

namespace InferenceGuard.Scoring;

/// <summary>A text that arrives in pieces of UTF-8.</summary>
internal sealed class GrowingText
{
    private const int LongestBytes = 4;

    private readonly ArrayBufferWriter<byte> _utf8 = new();

    /// <summary>Appends a piece.</summary>
    /// <param name="utf8">The piece; it may begin or end within a character.</param>
    /// <param name="ended">Whether nothing follows.</param>
    /// <returns>The text so far: without a character that is not complete, unless nothing follows; then it shows as U+FFFD, as its reader sees it.</returns>
    public string Append(ReadOnlySpan<byte> utf8, bool ended)
    {
        _utf8.Write(utf8);
        return Encoding.UTF8.GetString(ended ? _utf8.WrittenSpan : Complete(_utf8.WrittenSpan));
    }

    /// <summary>Becomes a copy of another.</summary>
    public void CopyFrom(GrowingText other)
    {
        if (other == this)
            return;
        Clear();
        _utf8.Write(other._utf8.WrittenSpan);
    }

    /// <summary>Becomes empty.</summary>
    public void Clear() => _utf8.ResetWrittenCount();

    private static ReadOnlySpan<byte> Complete(ReadOnlySpan<byte> utf8)
    {
        for (var tail = 1; tail < LongestBytes && tail <= utf8.Length; tail++)
            if (Rune.DecodeFromUtf8(utf8[^tail..], out _, out _) == OperationStatus.NeedMoreData)
                return utf8[..^tail];
        return utf8;
    }
}

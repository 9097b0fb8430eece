// Reads characters from UTF-8 that arrives in pieces, whatever the pieces cut apart.

using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace InferenceGuard.Scoring;

/// <summary>
/// A streaming UTF-8 decoder of fixed size. Bytes that form no character become U+FFFD, just where a decoder that sees
/// the whole text puts it; an unfinished character waits for the next piece.
/// </summary>
internal struct Utf8Cursor
{
    private const int LongestBytes = 4;

    private uint _pending; // The first bytes of a character, the first byte lowest.
    private byte _pendingCount;

    /// <summary>Reads the next character.</summary>
    /// <param name="utf8">The piece; what was read is cut off its front.</param>
    /// <param name="rune">Out: the character.</param>
    /// <returns>Whether there was one; if not, the piece is used up.</returns>
    public bool TryRead(ref ReadOnlySpan<byte> utf8, out Rune rune)
    {
        Span<byte> joined = stackalloc byte[LongestBytes];
        scoped var front = utf8;
        if (_pendingCount > 0)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(joined, _pending);
            var taken = Math.Min(LongestBytes - _pendingCount, utf8.Length);
            utf8[..taken].CopyTo(joined[_pendingCount..]);
            front = joined[..(_pendingCount + taken)];
        }
        if (Rune.DecodeFromUtf8(front, out rune, out var consumed) != OperationStatus.NeedMoreData)
        {
            utf8 = utf8[(consumed - _pendingCount)..];
            _pendingCount = 0;
            return true;
        }
        front.CopyTo(joined);
        _pending = BinaryPrimitives.ReadUInt32LittleEndian(joined);
        _pendingCount = (byte)front.Length;
        utf8 = default;
        return false;
    }
}

// GPT-2's alphabet of bytes: each byte has one printable letter, so that any bytes can be written as text in a vocabulary.

namespace InferenceGuard.Training;

/// <summary>
/// Byte letters: the printable bytes of Latin-1 stand for themselves, the other 68 for the letters from U+0100 on, in order.
/// The blank becomes <c>Ġ</c>.
/// </summary>
internal static class ByteLetters
{
    private static readonly char[] s_letters = MakeLetters();

    /// <summary>The letters of the bytes 0 to 255.</summary>
    public static IEnumerable<string> All => s_letters.Select(static letter => letter.ToString());

    /// <summary>Bytes to letters.</summary>
    public static string Spell(ReadOnlySpan<byte> bytes)
    {
        Span<char> letters = bytes.Length <= 256 ? stackalloc char[bytes.Length] : new char[bytes.Length];
        for (var i = 0; i < bytes.Length; i++)
            letters[i] = s_letters[bytes[i]];
        return new string(letters);
    }

    private static char[] MakeLetters()
    {
        var letters = new char[256];
        var next = 256;
        for (var value = 0; value < letters.Length; value++)
        {
            var printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            letters[value] = (char)(printable ? value : next++);
        }

        return letters;
    }
}

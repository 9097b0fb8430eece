// Tests that characters come out of UTF-8 in pieces as they come out of the whole.

using System.Text;
using CsCheck;
using InferenceGuard.Scoring;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Scoring;

public sealed class Utf8CursorTests
{
    // Whole characters, beginnings of characters, stray and impossible bytes.
    private static readonly Gen<byte[]> Bytes = Gen.OneOf(
        Choice.Of("a", "z ", "\u00E9", "\u4E2D", "\U0001F642").Select(Encoding.UTF8.GetBytes),
        Choice.Of<byte[]>([0xC3], [0xE4], [0xE4, 0xB8], [0xF0, 0x9F], [0xF0, 0x9F, 0x99], [0x80], [0xC0], [0xED, 0xA0, 0x80], [0xF4, 0x90], [0xFF]))
        .Array[0, 12].Select(static parts => parts.SelectMany(static part => part).ToArray());

    [Test]
    public void TryRead_AnyBytesInAnyPieces_GivesWhatTheWholeGives() => Gen.Select(Bytes, Gen.Int[1, 5].Array[1, 8])
        .Sample(static (bytes, sizes) =>
        {
            var cursor = default(Utf8Cursor);
            var text = new StringBuilder();
            for (var (at, piece) = (0, 0); at < bytes.Length; piece++)
            {
                var size = Math.Min(sizes[piece % sizes.Length], bytes.Length - at);
                Read(ref cursor, bytes.AsSpan(at, size), text);
                at += size;
            }
            // A character that never ends is still awaited; the whole text shows it as one replacement character.
            var whole = Encoding.UTF8.GetString(bytes);
            Assert.That(text.ToString(), Is.EqualTo(whole).Or.EqualTo(whole.TrimEnd('\uFFFD')).Or.EqualTo(whole[..Math.Max(0, whole.Length - 1)]));
            if (text.Length < whole.Length)
                Assert.That(whole[^1], Is.EqualTo('\uFFFD'));
        }, seed: "0000KsAXYHQ2", iter: 5000);

    [Test]
    public void TryRead_LetterAfterABrokenCharacter_KeepsBoth()
    {
        var cursor = default(Utf8Cursor);
        var text = new StringBuilder();
        Read(ref cursor, [(byte)'a', 0xE4], text);
        Read(ref cursor, [(byte)'b'], text);
        Assert.That(text.ToString(), Is.EqualTo("a\uFFFDb"));
    }

    private static void Read(ref Utf8Cursor cursor, ReadOnlySpan<byte> piece, StringBuilder text)
    {
        while (cursor.TryRead(ref piece, out var rune))
            text.Append(rune);
    }
}

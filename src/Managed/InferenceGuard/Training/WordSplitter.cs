// Cuts text into the words inside which BPE merges, exactly as llama.cpp does for tokenizer.ggml.pre = "gpt-2".

using System.Globalization;
using System.Text;

namespace InferenceGuard.Training;

/// <summary>
/// GPT-2's pre-tokenisation over code points:
/// <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>.
/// A .NET regular expression would see letters beyond U+FFFF as two surrogates, which are no letters. .NET's Unicode tables are
/// newer than llama.cpp's: the letters and digits of Unicode 16 are words here and signs there.
/// </summary>
internal static class WordSplitter
{
    private static readonly string[] s_contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

    private enum Kind
    {
        Letter,
        Number,
        Space,
        Other,
    }

    /// <summary>The words, in order; joined they are the text.</summary>
    /// <param name="text">Any text; lone surrogates count as U+FFFD, the character they become in UTF-8.</param>
    public static IEnumerable<string> Split(string text)
    {
        for (int start = 0, end; start < text.Length; start = end)
        {
            end = WordEnd(text, start);
            yield return text[start..end];
        }
    }

    private static int WordEnd(string text, int start)
    {
        foreach (var contraction in s_contractions)
        {
            if (string.CompareOrdinal(text, start, contraction, 0, contraction.Length) == 0)
                return start + contraction.Length;
        }

        var first = text[start] == ' ' ? start + 1 : start;
        if (first < text.Length && KindAt(text, first, out _) is not Kind.Space and var kind)
            return RunEnd(text, first, kind);

        // A run of blanks leaves its last one to the word that follows.
        var end = RunEnd(text, start, Kind.Space);
        var last = end - 1; // every white-space character is one UTF-16 unit
        return end < text.Length && last > start ? last : end;
    }

    private static int RunEnd(string text, int start, Kind kind)
    {
        var end = start;
        while (end < text.Length && KindAt(text, end, out var length) == kind)
            end += length;
        return end;
    }

    private static Kind KindAt(string text, int index, out int length)
    {
        if (!Rune.TryGetRuneAt(text, index, out var rune))
            rune = Rune.ReplacementChar;
        length = rune.Utf16SequenceLength;
        if (Rune.IsWhiteSpace(rune))
            return Kind.Space;
        return Rune.GetUnicodeCategory(rune) switch
        {
            >= UnicodeCategory.UppercaseLetter and <= UnicodeCategory.OtherLetter => Kind.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Number,
            _ => Kind.Other,
        };
    }
}

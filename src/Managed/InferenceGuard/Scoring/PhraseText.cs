// Turns characters into the stream of letters and word breaks that phrases are matched against.

using System.Globalization;
using System.Text;

namespace InferenceGuard.Scoring;

/// <summary>
/// The streaming normaliser. Letters (with their marks) and digits go to lower case; an apostrophe between two letters
/// and characters that nobody sees are dropped; every other run of characters is one word break.
/// </summary>
internal struct PhraseText
{
    /// <summary>The symbol of a word break.</summary>
    public const int Break = ' ';

    /// <summary>The symbol of a character that adds none.</summary>
    public const int None = 0;

    private Place _place;

    private enum Place : byte
    {
        BetweenWords,
        InWord,
        AfterApostrophe,
    }

    /// <summary>A phrase as symbols: words separated by single breaks, none at the ends; empty if it has no word.</summary>
    public static string Normalize(string phrase)
    {
        var text = default(PhraseText);
        var symbols = new StringBuilder();
        foreach (var rune in phrase.EnumerateRunes())
            if (text.Next(rune) is not None and var symbol)
                symbols.Append(new Rune(symbol));
        return symbols.ToString().Trim((char)Break);
    }

    /// <summary>Whether a negation ends here: one of . ! ? ; : or a line feed.</summary>
    public static bool EndsSentence(Rune rune) => rune.Value is '.' or '!' or '?' or ';' or ':' or '\n';

    /// <summary>The symbol of the next character: a letter or digit, <see cref="Break"/> once after each word, or <see cref="None"/>.</summary>
    public int Next(Rune rune)
    {
        if (IsApostrophe(rune) && _place == Place.InWord)
        {
            _place = Place.AfterApostrophe;
            return None;
        }
        if (!IsApostrophe(rune) && (Rune.IsLetterOrDigit(rune) || (IsMark(rune) && _place != Place.BetweenWords)))
        {
            _place = Place.InWord;
            return Rune.ToLowerInvariant(rune).Value;
        }
        if (_place == Place.BetweenWords || IsInvisible(rune))
            return None;
        _place = Place.BetweenWords;
        return Break;
    }

    // U+02BC is a letter by category, but people and models write it for the other two.
    private static bool IsApostrophe(Rune rune) => rune.Value is '\'' or 0x2019 or 0x02BC;

    private static bool IsMark(Rune rune) => !rune.IsAscii && Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    // Soft hyphens, zero-width joiners and the like, which would hide a phrase from the automaton but not from a reader.
    private static bool IsInvisible(Rune rune) => !rune.IsAscii && Rune.GetUnicodeCategory(rune) is UnicodeCategory.Format;
}

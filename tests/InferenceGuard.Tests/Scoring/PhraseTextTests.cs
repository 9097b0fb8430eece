// Tests what a phrase and a text look like to the matcher.

using InferenceGuard.Scoring;

namespace InferenceGuard.Tests.Scoring;

public sealed class PhraseTextTests
{
    [TestCase("Use a Plunger", "use a plunger")]
    [TestCase("  --bleach,\n(and) ammonia!! ", "bleach and ammonia")]
    [TestCase("don't DON\u2019T don\u02BCt", "dont dont dont")]
    [TestCase("'quoted' dogs' rock 'n' roll", "quoted dogs rock n roll")]
    [TestCase("it''s", "it s")]
    [TestCase("U-bend 3.5 mm\u00B2", "u bend 3 5 mm")]
    [TestCase("\u00C9LAN \u0416\u0410\u0420", "\u00E9lan \u0436\u0430\u0440", TestName = "Normalize_Letters_AnyScript")]
    [TestCase("\U00010400x", "\U00010428x", TestName = "Normalize_LettersBeyondThePlane_LowerCase")]
    [TestCase("e\u0301a \u0301b", "e\u0301a b", TestName = "Normalize_Mark_BelongsToItsWord")]
    [TestCase("blea\u00ADch am\u200Bmonia do\u200Dn'\u2060t", "bleach ammonia dont", TestName = "Normalize_InvisibleCharacter_IsDropped")]
    [TestCase("\U0001F642bleach\U0001F642gas", "bleach gas", TestName = "Normalize_Emoji_IsABreak")]
    [TestCase("a\uFFFDb", "a b", TestName = "Normalize_ReplacementCharacter_IsABreak")]
    [TestCase("\uD800x", "x", TestName = "Normalize_HalfSurrogate_IsABreak")]
    [TestCase(" .'\u0301\u200D ", "")]
    [TestCase("", "")]
    public void Normalize_Text_IsWordsWithSingleBreaks(string text, string words) =>
        Assert.That(PhraseText.Normalize(text), Is.EqualTo(words));

    [Test]
    public void Normalize_ItsOwnResult_StaysAsItIs([Values("Don't mix: Bleach & AMMONIA", "\u00C9t\u00E9!")] string text) =>
        Assert.That(PhraseText.Normalize(PhraseText.Normalize(text)), Is.EqualTo(PhraseText.Normalize(text)));
}

// GPT-2's words: cases by hand, and generated texts against the published regular expression.

using System.Text.RegularExpressions;
using CsCheck;
using InferenceGuard.Tests.Support;
using InferenceGuard.Training;

namespace InferenceGuard.Tests.Training;

public sealed partial class WordSplitterTests
{
    private const string Seed = "0000KsAXYHQ2";

    private static readonly Gen<string> BasicText = Choice.Of(
        " ", " ", "  ", "\n", "\t", "\r", "\u00A0", "\u2003", "\u0085", "'", "'s", "'re", "'ve", "'ll", "'d", "'D", "s", "e", "a", "Z", "\u00E9", "\u0301", "\u4E2D", "\u0640",
        "0", "9", "\u0663", "\u00BD", "\u00B2", "\u2167", ".", "!", "-", "_", "\u20AC", "\u200B", "\0", "\u001C").Array[0, 40].Select(static parts => string.Concat(parts));

    private static IEnumerable<TestCaseData> Cases() => new (string Name, string Text, string[] Words)[]
    {
        ("empty", "", []),
        ("blanks before words", "a bc  d", ["a", " bc", " ", " d"]),
        ("blanks at the end", "a   ", ["a", "   "]),
        ("line ends", "a\nb\n\nc", ["a", "\n", "b", "\n", "\n", "c"]),
        ("only a blank joins", "\tx \ty", ["\t", "x", " ", "\t", "y"]),
        ("contractions", "I'm don't we'll", ["I", "'m", " don", "'t", " we", "'ll"]),
        ("contractions are small", "I'M", ["I", "'", "M"]),
        ("a contraction within a quote", " 'tis", [" '", "tis"]),
        ("an apostrophe before one", "'tis", ["'t", "is"]),
        ("letters and digits", "a1b22", ["a", "1", "b", "22"]),
        ("signs", "x!? -- y.", ["x", "!?", " --", " y", "."]),
        ("marks are signs", "e\u0301a", ["e", "\u0301", "a"]),
        ("numbers that are no digits", "\u00BD\u2167 \u00B2", ["\u00BD\u2167", " \u00B2"]),
        ("letters beyond U+FFFF", "\U0001D400a \U00010348", ["\U0001D400a", " \U00010348"]),
        ("digits beyond U+FFFF", "1\U0001D7CFa", ["1\U0001D7CF", "a"]),
        ("emoji", "a \U0001F642\U0001F642", ["a", " \U0001F642\U0001F642"]),
        ("halves of pairs", "a\uD800b\uDC00", ["a", "\uD800", "b", "\uDC00"]),
    }.Select(static entry => new TestCaseData(entry.Text, entry.Words).SetArgDisplayNames(entry.Name));

    [TestCaseSource(nameof(Cases))]
    public void Split_ByHand_GivesTheWords(string text, string[] words) => Assert.That(WordSplitter.Split(text), Is.EqualTo(words));

    [Test]
    public void Split_AnyBasicText_GivesWhatTheExpressionGives() =>
        BasicText.Sample(static text => Assert.That(WordSplitter.Split(text), Is.EqualTo(Words().Matches(text).Select(static match => match.Value))), seed: Seed, iter: 5000);

    [Test]
    public void Split_AnyText_JoinsToTheTextAgain() =>
        Gen.String.Sample(static text => Assert.That(string.Concat(WordSplitter.Split(text)), Is.EqualTo(text)), seed: Seed, iter: 2000);

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    private static partial Regex Words();
}

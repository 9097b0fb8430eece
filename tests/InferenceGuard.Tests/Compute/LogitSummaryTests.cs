// The summary of logits against float64, for rows of every kind.

using InferenceGuard.Compute;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Compute;

internal sealed class LogitSummaryTests
{
    [Test]
    public void Of_AnyRow_EqualsFloat64(
        [Values(1, 7, 20, 257, 152064)] int vocabulary,
        [ValueSource(typeof(LogitRows), nameof(LogitRows.Kinds))] string kind,
        [Values(0, 1, 3)] int ends)
    {
        var logits = LogitRows.Of(kind, vocabulary, new Random(vocabulary + 1));
        int[] endTokens = [.. Enumerable.Range(0, ends).Select(end => end * (vocabulary - 1) / 2).Distinct()];
        var summary = new float[LogitSummary.Width];
        LogitSummary.Of(logits, endTokens, summary);
        var expected = LogitRows.Summary(logits, endTokens);
        // Powers are float32, right to 1e-7 of themselves, and summed in parts of 256; a log-probability of a logit of 1e4 is only
        // right to the last place of that logit.
        for (var at = 0; at < LogitSummary.Width; at++)
            Assert.That(summary[at], Is.EqualTo(expected[at]).Within(2e-6 + 2e-6 * Math.Abs(expected[at])), $"number {at}: {string.Join(' ', summary)}");
    }

    [Test]
    public void Of_LikelyEnd_SumsOverAllEndTokens()
    {
        var summary = new float[LogitSummary.Width];
        LogitSummary.Of([0, MathF.Log(2), 0], [0, 1], summary);
        Assert.That(summary[6], Is.EqualTo(Math.Log(0.75)).Within(1e-6));
    }

    [TestCase(0)]
    [TestCase(300)]
    [TestCase(999)]
    public void Of_LogitNotANumber_IsAnError(int place)
    {
        foreach (var bad in (float[])[float.NaN, float.PositiveInfinity])
        {
            var logits = new float[1000];
            logits[place] = bad;
            Assert.That(() => LogitSummary.Of(logits, [], new float[LogitSummary.Width]), Throws.TypeOf<GuardException>().With.Property("Fault").EqualTo(GuardFault.Generation), $"{bad}");
        }
    }

    [Test]
    public void Of_NothingPossible_IsAnError() =>
        Assert.That(() => LogitSummary.Of([float.NegativeInfinity, float.NegativeInfinity], [0], new float[LogitSummary.Width]), Throws.TypeOf<GuardException>());
}

// The summary of logits against float64, for rows of every kind.

using InferenceGuard.Compute;

namespace InferenceGuard.Tests.Compute;

internal sealed class LogitSummaryTests
{
    [Test]
    public void Of_AnyRow_EqualsFloat64(
        [Values(1, 7, 20, 257, 152064)] int vocabulary,
        [Values("usual", "flat", "steep", "extreme", "masked", "ties", "one-hot", "far apart")] string kind,
        [Values(0, 1, 3)] int ends)
    {
        var logits = Row(kind, vocabulary, new Random(vocabulary + 1));
        int[] endTokens = [.. Enumerable.Range(0, ends).Select(end => end * (vocabulary - 1) / 2).Distinct()];
        var summary = new float[LogitSummary.Width];
        LogitSummary.Of(logits, endTokens, summary);
        var expected = Reference(logits, endTokens);
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

    private static float[] Row(string kind, int count, Random random)
    {
        var row = Enumerable.Range(0, count).Select(_ => (random.NextSingle() + random.NextSingle() + random.NextSingle() - 1.5f) * 4).ToArray();
        return kind switch
        {
            "usual" => row,
            "flat" => [.. row.Select(static value => value / 1000)],
            "steep" => [.. row.Select(static value => value * 12)],
            "extreme" => [.. row.Select(static (value, at) => at % 2 == 0 ? 1e4f + value : -1e4f)],
            "masked" => [.. row.Select(static (value, at) => at % 3 == 1 ? float.NegativeInfinity : value)],
            "ties" => [.. row.Select(static value => MathF.Round(value))],
            "one-hot" => [.. row.Select((_, at) => at == count / 3 ? 2f : float.NegativeInfinity)],
            "far apart" => [.. row.Select((_, at) => at * -40f)],
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
    }

    private static double[] Reference(float[] logits, int[] endTokens)
    {
        var maximum = (double)logits.Max();
        var logTotal = maximum + Math.Log(logits.Sum(logit => Math.Exp(logit - maximum)));
        var logProbs = logits.Select(logit => logit - logTotal).OrderDescending().ToArray();
        return
        [
            logProbs.Sum(static logProb => double.IsFinite(logProb) ? -Math.Exp(logProb) * logProb : 0),
            logTotal,
            logProbs[0],
            .. ((int[])[1, 5, 20]).Select(most => logProbs.Take(most).Sum(Math.Exp)),
            Math.Max(LogitSummary.SmallestLogProb, Math.Log(endTokens.Sum(token => Math.Exp(logits[token] - logTotal)))),
        ];
    }
}

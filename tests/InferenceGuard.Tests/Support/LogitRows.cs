// Rows of logits of every kind, and their summary in float64.

using InferenceGuard.Compute;

namespace InferenceGuard.Tests.Support;

/// <summary>Rows of logits of every kind, and their summary in float64.</summary>
internal static class LogitRows
{
    /// <summary>The kinds.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["usual", "flat", "steep", "extreme", "masked", "ties", "one-hot", "far apart", "crowded"];

    /// <summary>A row of a kind.</summary>
    public static float[] Of(string kind, int count, Random random)
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
            // The largest stand where the same thread of a device reads them.
            "crowded" => [.. row.Select(static (value, at) => at % 512 == 3 ? value + 30 : value)],
            "far apart" => [.. row.Select((_, at) => at * -40f)],
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
    }

    /// <summary>What <see cref="LogitSummary"/> says of a row.</summary>
    public static double[] Summary(float[] logits, int[] endTokens)
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

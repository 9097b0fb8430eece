// How good predictions of a safe end are: calibration and ranking.

namespace InferenceGuard.Training.Critics;

/// <summary>Measures of probabilities against what happened.</summary>
public static class CriticMetrics
{
    /// <summary>Bins of the reliability diagram.</summary>
    public const int Bins = 15;

    /// <summary>
    /// Area under the ROC curve: how probable it is that a safe example has a larger probability than an unsafe one, ties counting half;
    /// NaN when there is only one kind, or a probability is no number.
    /// </summary>
    /// <param name="probabilities">Predicted probabilities of safe.</param>
    /// <param name="safe">What happened.</param>
    public static double Auroc(ReadOnlySpan<float> probabilities, ReadOnlySpan<bool> safe)
    {
        var keys = probabilities.ToArray();
        var labels = safe.ToArray();
        if (Array.Exists(keys, float.IsNaN))
            return double.NaN;
        Array.Sort(keys, labels);
        double rankSum = 0;
        long positives = 0;
        for (var from = 0; from < keys.Length;)
        {
            var to = from;
            while (to < keys.Length && keys[to] == keys[from])
                to++;
            for (var at = from; at < to; at++)
                if (labels[at])
                {
                    rankSum += (from + 1 + to) / 2.0; // The mean of ranks from + 1 … to.
                    positives++;
                }
            from = to;
        }
        var negatives = keys.Length - positives;
        return positives == 0 || negatives == 0 ? double.NaN : (rankSum - positives * (positives + 1) / 2.0) / ((double)positives * negatives);
    }

    /// <summary>The ROC curve, from (0, 0) to (1, 1); empty when there is only one kind.</summary>
    /// <param name="probabilities">Predicted probabilities of safe.</param>
    /// <param name="safe">What happened.</param>
    public static IReadOnlyList<(double FalseRate, double TrueRate)> Roc(ReadOnlySpan<float> probabilities, ReadOnlySpan<bool> safe)
    {
        var keys = probabilities.ToArray();
        var labels = safe.ToArray();
        Array.Sort(keys, labels);
        var positives = labels.Count(static label => label);
        var negatives = labels.Length - positives;
        if (positives == 0 || negatives == 0)
            return [];
        var (isTrue, isFalse, curve) = (0, 0, new List<(double, double)> { (0, 0) });
        for (var at = keys.Length - 1; at >= 0; at--)
        {
            (isTrue, isFalse) = labels[at] ? (isTrue + 1, isFalse) : (isTrue, isFalse + 1);
            if (at == 0 || keys[at - 1] != keys[at])
                curve.Add(((double)isFalse / negatives, (double)isTrue / positives));
        }
        return curve;
    }

    /// <summary>The reliability diagram: per bin of probability its examples, their mean probability and the share that was safe.</summary>
    /// <param name="probabilities">Predicted probabilities of safe.</param>
    /// <param name="safe">What happened.</param>
    public static IReadOnlyList<(int Count, double Predicted, double Observed)> Reliability(ReadOnlySpan<float> probabilities, ReadOnlySpan<bool> safe)
    {
        var bins = new (int Count, double Predicted, double Observed)[Bins];
        for (var at = 0; at < probabilities.Length; at++)
        {
            ref var bin = ref bins[Math.Clamp((int)(probabilities[at] * Bins), 0, Bins - 1)];
            bin = (bin.Count + 1, bin.Predicted + probabilities[at], bin.Observed + (safe[at] ? 1 : 0));
        }
        return [.. bins.Select(static bin => bin.Count == 0 ? bin : (bin.Count, bin.Predicted / bin.Count, bin.Observed / bin.Count))];
    }

    /// <summary>Expected calibration error: Σ over bins of their share × |mean probability − share safe|.</summary>
    /// <param name="probabilities">Predicted probabilities of safe.</param>
    /// <param name="safe">What happened.</param>
    public static double CalibrationError(ReadOnlySpan<float> probabilities, ReadOnlySpan<bool> safe)
    {
        var total = probabilities.Length;
        return Reliability(probabilities, safe).Sum(bin => (double)bin.Count / total * Math.Abs(bin.Predicted - bin.Observed));
    }
}

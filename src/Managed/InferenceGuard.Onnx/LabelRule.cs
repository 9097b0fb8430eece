// From a classifier's logits to a score: which labels count, and as what.

namespace InferenceGuard.Onnx;

/// <summary>Reads a score off the logits of one input.</summary>
/// <param name="Chosen">For each label, whether it counts.</param>
/// <param name="IsExclusive">Whether exactly one label is true (softmax), rather than each by itself (sigmoid).</param>
/// <param name="Reading">What the score is.</param>
internal sealed record LabelRule(bool[] Chosen, bool IsExclusive, LabelReading Reading)
{
    /// <summary>
    /// The score, not yet weighted. Of labels that exclude each other the probability of any chosen one; of others the largest.
    /// Computed in double from the floats of the network.
    /// </summary>
    /// <param name="logits">[labels].</param>
    public double Of(ReadOnlySpan<float> logits)
    {
        var (chosen, largest, others) = (double.NegativeInfinity, double.NegativeInfinity, double.NegativeInfinity);
        for (var label = 0; label < logits.Length; label++)
            if (!float.IsFinite(logits[label]))
                return double.NaN;
            else if (!Chosen[label])
                others = LogSum(others, logits[label]);
            else
                (chosen, largest) = (LogSum(chosen, logits[label]), Math.Max(largest, logits[label]));
        var logOdds = IsExclusive ? chosen - others : largest;
        return Reading switch
        {
            LabelReading.Probability => 1 / (1 + Math.Exp(-logOdds)),
            LabelReading.LogOdds => logOdds,
            _ => largest,
        };
    }

    private static double LogSum(double first, double second)
    {
        var larger = Math.Max(first, second);
        return double.IsNegativeInfinity(larger) ? larger : larger + Math.Log(Math.Exp(first - larger) + Math.Exp(second - larger));
    }
}

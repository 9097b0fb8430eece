// How good a head is on answers that it has not seen.

using InferenceGuard.Training.Critics;

namespace InferenceGuard.Training.Heads;

/// <summary>How good a head is on answers that it has not seen.</summary>
/// <param name="Scores">What it says of each, a logit for labels.</param>
/// <param name="Targets">What was given.</param>
/// <param name="AreLabels">Whether those are labels.</param>
public sealed record HeadQuality(float[] Scores, double[] Targets, bool AreLabels)
{
    /// <summary>Area under the ROC curve of the label 1; NaN for scores.</summary>
    public double Auroc => AreLabels ? CriticMetrics.Auroc(Scores, Labels) : double.NaN;

    /// <summary>Expected calibration error of the probability of label 1; NaN for scores.</summary>
    public double CalibrationError => AreLabels ? CriticMetrics.CalibrationError(Probabilities, Labels) : double.NaN;

    /// <summary>The reliability diagram: count, predicted and observed share per bin.</summary>
    public IReadOnlyList<(int Count, double Predicted, double Observed)> Reliability => CriticMetrics.Reliability(Probabilities, Labels);

    /// <summary>Share of the variance that is explained; NaN for labels.</summary>
    public double RSquared
    {
        get
        {
            if (AreLabels)
                return double.NaN;
            var mean = Targets.Average();
            return 1 - Targets.Zip(Scores, static (target, score) => Math.Pow(target - score, 2)).Sum() / Targets.Sum(target => Math.Pow(target - mean, 2));
        }
    }

    /// <summary>Probabilities of label 1.</summary>
    public float[] Probabilities => [.. Scores.Select(CriticNetwork.Sigmoid)];

    private bool[] Labels => [.. Targets.Select(static target => target == 1)];
}

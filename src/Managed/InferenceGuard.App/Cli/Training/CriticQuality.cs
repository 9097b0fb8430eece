// How good a critic is, in one line.

using System.Globalization;
using InferenceGuard.Training.Critics;

namespace InferenceGuard.App.Cli.Training;

/// <summary>How good a critic is on prompts it has not seen.</summary>
internal static class CriticQuality
{
    /// <summary>How much of an answer there is where the critic is judged.</summary>
    public const double Half = 0.5;

    /// <summary>Calibration error over all positions, and both measures at half of every answer.</summary>
    public static string Line(CriticPredictions predictions)
    {
        var (safe, isSafe) = predictions.At(Half);
        return string.Create(CultureInfo.InvariantCulture,
            $"ECE {CriticMetrics.CalibrationError(predictions.Safe, predictions.IsSafe):F4}, AUROC {CriticMetrics.Auroc(predictions.Safe, predictions.IsSafe):F4}; at half the answer ECE {CriticMetrics.CalibrationError(safe, isSafe):F4}, AUROC {CriticMetrics.Auroc(safe, isSafe):F4}");
    }
}

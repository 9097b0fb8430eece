// Log-odds of a probability that may be 0 or 1.

namespace InferenceGuard.Scoring;

/// <summary>Log-odds of a probability.</summary>
internal static class LogOdds
{
    // A probability of 1 is a log-odds of 20.7, not of infinity.
    private const double Surest = 1e-9;

    /// <summary>ln(p / (1 − p)), finite.</summary>
    public static double Of(double probability) => Math.Log(Math.Max(Surest, probability) / Math.Max(Surest, 1 - probability));
}

// By which rules candidates are charged, scored and selected.

namespace InferenceGuard.Compute;

/// <summary>By which rules candidates are charged (M2), scored (M7) and selected.</summary>
/// <param name="Discount">γ in (0, 1].</param>
/// <param name="Threshold">What f¹ must exceed; below 0 without a critic.</param>
/// <param name="Penalty">n &gt; 0: an unsafe candidate scores −n.</param>
/// <param name="IgnoresStates">Score values as they are, as the baselines without a safety state do.</param>
/// <param name="Keep">K: how many candidates are kept.</param>
public readonly record struct BlockEndRules(float Discount, float Threshold, float Penalty, bool IgnoresStates, int Keep)
{
    /// <summary>Whether a critic predicts the live candidates.</summary>
    public bool HasCritic => Threshold >= 0;
}

// The end of a block on a device: charge, predict, score and select in one step.

namespace InferenceGuard.Compute;

/// <summary>
/// The end of a block for all candidates at once, with a critic made ready or without one; for one search at a time; no allocation in the
/// steady state.
/// </summary>
public interface IBlockEnd : IDisposable
{
    /// <summary>
    /// Charges every candidate's cost steps, z ← (z − c) / γ (M2); predicts the live ones (M5); scores all (M7): the value where z ≥ 0
    /// and f¹ exceeds the threshold, −n elsewhere; and keeps the best: by score, then by f¹ (z without a critic, or where it is negative),
    /// then by lower index.
    /// </summary>
    /// <param name="batch">The candidates; holds the results afterwards.</param>
    /// <param name="rules">γ, threshold, n and K.</param>
    /// <param name="logits">float32[rows, V] of the last decode; read only for live candidates.</param>
    /// <param name="hidden">float32[rows, H] of it.</param>
    /// <exception cref="GuardException">A cost, state, reward or prediction is not finite, or a row of logits has no finite maximum: an error, never "safe".</exception>
    void Run(BlockEndBatch batch, in BlockEndRules rules, ReadOnlySpan<float> logits, ReadOnlySpan<float> hidden);
}

// A critic made ready on a device.

namespace InferenceGuard.Compute;

/// <summary>A critic on a device, for one search at a time; no allocation in the steady state.</summary>
public interface ICriticEvaluator : IDisposable
{
    /// <summary>Predicts for all beams at once (M5).</summary>
    /// <param name="logits">float32[rows, V] of a decode.</param>
    /// <param name="hidden">float32[rows, H] of the same decode.</param>
    /// <param name="means">Mean of h over each beam's answer so far, the present position included, float32[beams, H].</param>
    /// <param name="rows">Row of each beam, [beams].</param>
    /// <param name="states">z per beam, [beams].</param>
    /// <param name="progress">Used share of D per beam, in [0, 1], [beams].</param>
    /// <param name="earned">Reward of each beam's text so far, [beams].</param>
    /// <param name="safe">Out: f¹ = P(z_T ≥ 0) per beam, [beams].</param>
    /// <param name="rewards">Out: f² = E[γ^(T−t) R | z_T ≥ 0] per beam, [beams].</param>
    /// <exception cref="GuardException">An input or a prediction is not finite: an error, never "safe".</exception>
    void Evaluate(
        ReadOnlySpan<float> logits, ReadOnlySpan<float> hidden, ReadOnlySpan<float> means, ReadOnlySpan<int> rows, ReadOnlySpan<float> states,
        ReadOnlySpan<float> progress, ReadOnlySpan<float> earned, Span<float> safe, Span<float> rewards);
}

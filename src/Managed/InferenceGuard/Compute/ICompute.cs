// The per-beam arithmetic of the search, for all beams at once, on whatever device does it.

namespace InferenceGuard.Compute;

/// <summary>
/// Sampling, safety update, scoring and selection for all beams at once. Host spans in and out; one caller at a time;
/// no allocation in the steady state. Ties go to the lower index, so that every device gives the same result.
/// </summary>
public interface ICompute : IDisposable
{
    /// <summary>The device, for people: <c>cpu (AVX-512)</c>.</summary>
    string Device { get; }

    /// <summary>Draws a token for every draw from its row of logits (Propose).</summary>
    /// <param name="logits">float32[rows, V], row after row; unchanged.</param>
    /// <param name="vocabularySize">V.</param>
    /// <param name="rows">Row of each draw, [draws]; draws that share a row stand side by side for best speed.</param>
    /// <param name="uniforms">A uniform number in [0, 1) per draw, [draws].</param>
    /// <param name="options">Temperature and truncation.</param>
    /// <param name="penalties">Amounts taken from logits before the temperature (M8); a token at most once; may be empty.</param>
    /// <param name="tokens">Out: the drawn token per draw, [draws].</param>
    /// <param name="logProbs">Out: its log-probability under the unmodified row at temperature 1, in nats, [draws].</param>
    /// <exception cref="GuardException">A row holds NaN or has no finite maximum.</exception>
    void Sample(
        ReadOnlySpan<float> logits, int vocabularySize, ReadOnlySpan<int> rows, ReadOnlySpan<float> uniforms,
        in SamplingOptions options, ReadOnlySpan<TokenPenalty> penalties, Span<int> tokens, Span<float> logProbs);

    /// <summary>Charges one cost step to every beam (Advance, M2): z ← (z − c) / γ.</summary>
    /// <param name="costs">Cost of the step per beam, [beams]; finite.</param>
    /// <param name="discount">γ in (0, 1].</param>
    /// <param name="states">In and out: z per beam, [beams].</param>
    /// <exception cref="GuardException">A cost or state is not finite: an error, never "safe".</exception>
    void Advance(ReadOnlySpan<float> costs, float discount, Span<float> states);

    /// <summary>Makes a critic ready on this device.</summary>
    /// <param name="weights">Its numbers; copied where the device needs it.</param>
    /// <param name="vocabularySize">V of the model whose logits it will read.</param>
    /// <param name="endTokens">The model's end-of-generation tokens.</param>
    ICriticEvaluator LoadCritic(CriticWeights weights, int vocabularySize, ReadOnlySpan<int> endTokens);

    /// <summary>Scores every beam (M7): its value where it is safe, −n where it is not.</summary>
    /// <param name="states">z per beam, [beams].</param>
    /// <param name="values">Reward, discounted for ended beams, or f² of a critic, per beam, [beams]; finite.</param>
    /// <param name="safe">A critic's f¹ per beam, [beams], 1 for ended beams; empty without a critic.</param>
    /// <param name="threshold">What f¹ must exceed.</param>
    /// <param name="penalty">n &gt; 0.</param>
    /// <param name="scores">Out: score per beam, [beams].</param>
    /// <exception cref="GuardException">A value is not finite.</exception>
    void Score(ReadOnlySpan<float> states, ReadOnlySpan<float> values, ReadOnlySpan<float> safe, float threshold, float penalty, Span<float> scores);

    /// <summary>Selects the best beams: by score, then by safety state, then by lower index (Select).</summary>
    /// <param name="scores">Score per beam, [beams].</param>
    /// <param name="states">z per beam, [beams].</param>
    /// <param name="kept">Out: indices of the best min(kept.Length, beams) beams, best first.</param>
    /// <returns>How many indices were written.</returns>
    int Select(ReadOnlySpan<float> scores, ReadOnlySpan<float> states, Span<int> kept);
}

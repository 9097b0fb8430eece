// The per-beam arithmetic of the search, for all beams at once, on whatever device does it.

namespace InferenceGuard.Compute;

/// <summary>
/// Sampling, and the end of a block, for all beams at once. Host spans in and out; one caller at a time; no allocation in the steady
/// state. Ties go to the lower index and random numbers are counted, so that every device gives the same result.
/// </summary>
public interface ICompute : IDisposable
{
    /// <summary>The device, for people: <c>cpu (AVX-512)</c>.</summary>
    string Device { get; }

    /// <summary>Draws a token for every draw from its row of logits (Propose).</summary>
    /// <param name="logits">float32[rows, V], row after row; unchanged.</param>
    /// <param name="vocabularySize">V.</param>
    /// <param name="rows">Row of each draw, [draws]; draws that share a row stand side by side for best speed.</param>
    /// <param name="counters">Place in the random stream per draw, [draws].</param>
    /// <param name="options">Temperature and truncation.</param>
    /// <param name="penalties">Amounts taken from logits before the temperature (M8); a token at most once; may be empty.</param>
    /// <param name="tokens">Out: the drawn token per draw, [draws].</param>
    /// <param name="logProbs">Out: its log-probability under the unmodified row at temperature 1, in nats, [draws].</param>
    /// <exception cref="GuardException">A row holds NaN or has no finite maximum.</exception>
    void Sample(
        ReadOnlySpan<float> logits, int vocabularySize, ReadOnlySpan<int> rows, ReadOnlySpan<PhiloxCounter> counters,
        in SamplingOptions options, ReadOnlySpan<TokenPenalty> penalties, Span<int> tokens, Span<float> logProbs);

    /// <summary>Makes the end of a block ready on this device.</summary>
    /// <param name="critic">The critic that predicts live candidates; copied where the device needs it; null = none.</param>
    /// <param name="vocabularySize">V of the model whose logits it will read.</param>
    /// <param name="endTokens">The model's end-of-generation tokens.</param>
    IBlockEnd OpenBlockEnd(CriticWeights? critic, int vocabularySize, ReadOnlySpan<int> endTokens);
}

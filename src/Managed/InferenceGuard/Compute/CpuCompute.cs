// The search's arithmetic on the CPU.

using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace InferenceGuard.Compute;

/// <summary>The search's arithmetic on the CPU, vectorised through System.Numerics.Tensors.</summary>
public sealed class CpuCompute : ICompute
{
    private readonly CpuSampler _sampler = new();

    /// <inheritdoc />
    public string Device { get; } = $"cpu ({(Avx512F.IsSupported ? "AVX-512" : Avx2.IsSupported ? "AVX2" : Vector128.IsHardwareAccelerated ? "128-bit SIMD" : "scalar")})";

    /// <inheritdoc />
    public void Sample(
        ReadOnlySpan<float> logits, int vocabularySize, ReadOnlySpan<int> rows, ReadOnlySpan<float> uniforms,
        in SamplingOptions options, ReadOnlySpan<TokenPenalty> penalties, Span<int> tokens, Span<float> logProbs)
    {
        var prepared = -1;
        for (var draw = 0; draw < rows.Length; draw++)
        {
            if (rows[draw] != prepared)
                _sampler.Prepare(logits.Slice(rows[draw] * vocabularySize, vocabularySize), options, penalties);
            prepared = rows[draw];
            (tokens[draw], logProbs[draw]) = _sampler.Draw(uniforms[draw]);
        }
    }

    /// <inheritdoc />
    public void Advance(ReadOnlySpan<float> costs, float discount, Span<float> states)
    {
        for (var beam = 0; beam < costs.Length; beam++)
        {
            RequireFinite(costs[beam], "cost", beam);
            states[beam] = (states[beam] - costs[beam]) / discount;
            RequireFinite(states[beam], "safety state", beam);
        }
    }

    /// <inheritdoc />
    public ICriticEvaluator LoadCritic(CriticWeights weights, int vocabularySize, ReadOnlySpan<int> endTokens) =>
        new CpuCritic(weights, vocabularySize, endTokens);

    /// <inheritdoc />
    public void Score(ReadOnlySpan<float> states, ReadOnlySpan<float> values, ReadOnlySpan<float> safe, float threshold, float penalty, Span<float> scores)
    {
        for (var beam = 0; beam < states.Length; beam++)
        {
            RequireFinite(values[beam], "reward", beam);
            scores[beam] = states[beam] >= 0 && (safe.IsEmpty || safe[beam] > threshold) ? values[beam] : -penalty;
        }
    }

    /// <inheritdoc />
    public int Select(ReadOnlySpan<float> scores, ReadOnlySpan<float> states, Span<int> kept)
    {
        // Insertion into the sorted head: K and N are at most a few hundred, and equal beams keep their order.
        var count = 0;
        for (var beam = 0; beam < scores.Length; beam++)
        {
            var place = count;
            while (place > 0 && IsBetter(beam, kept[place - 1], scores, states))
                place--;
            if (place == kept.Length)
                continue;
            count = Math.Min(count + 1, kept.Length);
            kept[place..(count - 1)].CopyTo(kept[(place + 1)..]);
            kept[place] = beam;
        }
        return count;
    }

    /// <inheritdoc />
    public void Dispose() => _sampler.Dispose();

    private static bool IsBetter(int beam, int other, ReadOnlySpan<float> scores, ReadOnlySpan<float> states) =>
        scores[beam] > scores[other] || (scores[beam] == scores[other] && states[beam] > states[other]);

    private static void RequireFinite(float value, string what, int beam)
    {
        if (!float.IsFinite(value))
            throw new GuardException(GuardFault.Generation, $"The {what} of beam {beam} is {value}; it must be finite. The generation was stopped rather than continued unguarded.");
    }
}

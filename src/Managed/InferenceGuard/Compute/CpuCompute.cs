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
        ReadOnlySpan<float> logits, int vocabularySize, ReadOnlySpan<int> rows, ReadOnlySpan<PhiloxCounter> counters,
        in SamplingOptions options, ReadOnlySpan<TokenPenalty> penalties, Span<int> tokens, Span<float> logProbs)
    {
        var prepared = -1;
        for (var draw = 0; draw < rows.Length; draw++)
        {
            if (rows[draw] != prepared)
                _sampler.Prepare(logits.Slice(rows[draw] * vocabularySize, vocabularySize), options, penalties);
            prepared = rows[draw];
            (tokens[draw], logProbs[draw]) = _sampler.Draw(counters[draw].Uniform);
        }
    }

    /// <inheritdoc />
    public IBlockEnd OpenBlockEnd(CriticWeights? critic, int vocabularySize, ReadOnlySpan<int> endTokens) =>
        new CpuBlockEnd(critic is null ? null : new CpuCritic(critic, vocabularySize, endTokens));

    /// <inheritdoc />
    public void Dispose() => _sampler.Dispose();
}

// The critic's forward pass on the CPU, for all beams at once.

using System.Numerics.Tensors;

namespace InferenceGuard.Compute;

/// <summary>The critic on the CPU.</summary>
internal sealed class CpuCritic : ICriticEvaluator
{
    private readonly CriticWeights _weights;
    private readonly int _vocabularySize;
    private readonly int[] _endTokens;
    private float[] _input = [];
    private float[] _output = [];

    public CpuCritic(CriticWeights weights, int vocabularySize, ReadOnlySpan<int> endTokens) =>
        (_weights, _vocabularySize, _endTokens) = (weights, vocabularySize, endTokens.ToArray());

    /// <inheritdoc />
    public void Evaluate(
        ReadOnlySpan<float> logits, ReadOnlySpan<float> hidden, ReadOnlySpan<int> rows, ReadOnlySpan<float> states,
        ReadOnlySpan<float> progress, ReadOnlySpan<float> earned, Span<float> safe, Span<float> rewards)
    {
        var widest = Math.Max(_weights.InputWidth, _weights.Layers.Max(static layer => layer.Outputs));
        if (_input.Length < rows.Length * widest)
            (_input, _output) = (new float[rows.Length * widest], new float[rows.Length * widest]);
        var width = _weights.InputWidth;
        for (var beam = 0; beam < rows.Length; beam++)
        {
            var input = _input.AsSpan(beam * width, width);
            hidden.Slice(rows[beam] * _weights.HiddenWidth, _weights.HiddenWidth).CopyTo(input);
            LogitSummary.Of(logits.Slice(rows[beam] * _vocabularySize, _vocabularySize), _endTokens, input[_weights.HiddenWidth..]);
            input[^3] = states[beam] / _weights.Budget;
            input[^2] = progress[beam];
            input[^1] = earned[beam];
            TensorPrimitives.Subtract(input, _weights.Mean, input);
            TensorPrimitives.Divide(input, _weights.Deviation, input);
        }
        foreach (var layer in _weights.Layers)
        {
            for (var beam = 0; beam < rows.Length; beam++)
                for (var unit = 0; unit < layer.Outputs; unit++)
                {
                    var sum = layer.Bias[unit] + TensorPrimitives.Dot<float>(_input.AsSpan(beam * width, width), layer.Weight.AsSpan(unit * width, width));
                    _output[beam * layer.Outputs + unit] = sum / (1 + MathF.Exp(-sum));
                }
            (_input, _output, width) = (_output, _input, layer.Outputs);
        }
        for (var beam = 0; beam < rows.Length; beam++)
        {
            var input = _input.AsSpan(beam * width, width);
            var logit = _weights.Heads.Bias[0] + TensorPrimitives.Dot<float>(input, _weights.Heads.Weight.AsSpan(0, width));
            rewards[beam] = _weights.Heads.Bias[1] + TensorPrimitives.Dot<float>(input, _weights.Heads.Weight.AsSpan(width, width));
            safe[beam] = 1 / (1 + MathF.Exp(-logit));
            if (!float.IsFinite(safe[beam]) || !float.IsFinite(rewards[beam]))
                throw new GuardException(GuardFault.Generation, $"The critic predicts {safe[beam]} and {rewards[beam]} for beam {beam}; both must be finite. The generation was stopped rather than continued unguarded.");
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
    }
}

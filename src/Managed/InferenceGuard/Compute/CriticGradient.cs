// How the critic's predictions change with the hidden state.

using System.Numerics.Tensors;

namespace InferenceGuard.Compute;

/// <summary>f¹, f² and their gradients by h, for one position at a time.</summary>
internal sealed class CriticGradient
{
    private readonly CriticWeights _weights;
    private readonly float[][] _linear;
    private readonly float[][] _active;
    private readonly float[][] _back;

    public CriticGradient(CriticWeights weights)
    {
        _weights = weights;
        _linear = [.. weights.Layers.Select(static layer => new float[layer.Outputs])];
        _active = [new float[weights.InputWidth], .. weights.Layers.Select(static layer => new float[layer.Outputs])];
        _back = [.. _active.Select(static active => new float[active.Length])];
    }

    /// <summary>Predicts.</summary>
    /// <param name="input">float32[2 H + 10], not standardised.</param>
    /// <returns>f¹ and f².</returns>
    public (float Safe, float Reward) Forward(ReadOnlySpan<float> input)
    {
        TensorPrimitives.Subtract(input, _weights.Mean, _active[0]);
        TensorPrimitives.Divide(_active[0], _weights.Deviation, _active[0]);
        for (var index = 0; index < _weights.Layers.Count; index++)
        {
            var layer = _weights.Layers[index];
            var (x, y) = (_active[index], _linear[index]);
            for (var unit = 0; unit < layer.Outputs; unit++)
                y[unit] = layer.Bias[unit] + TensorPrimitives.Dot<float>(x, layer.Weight.AsSpan(unit * layer.Inputs, layer.Inputs));
            TensorPrimitives.Sigmoid<float>(y, _active[index + 1]);
            TensorPrimitives.Multiply<float>(_active[index + 1], y, _active[index + 1]);
        }
        var heads = _weights.Heads;
        return (1 / (1 + MathF.Exp(-Head(0))), Head(1));

        float Head(int row) => heads.Bias[row] + TensorPrimitives.Dot<float>(_active[^1], heads.Weight.AsSpan(row * heads.Inputs, heads.Inputs));
    }

    /// <summary>The gradient of a · logit(f¹) + b · f² by h, its mean held fixed, at the last <see cref="Forward"/>.</summary>
    /// <param name="bySafe">a.</param>
    /// <param name="byReward">b.</param>
    /// <param name="gradient">Out: float32[H], in the units of h.</param>
    public void Backward(float bySafe, float byReward, Span<float> gradient)
    {
        var heads = _weights.Heads;
        TensorPrimitives.Multiply(heads.Weight.AsSpan(0, heads.Inputs), bySafe, _back[^1]);
        TensorPrimitives.MultiplyAdd(heads.Weight.AsSpan(heads.Inputs), byReward, _back[^1], _back[^1]);
        for (var index = _weights.Layers.Count - 1; index >= 0; index--)
        {
            var layer = _weights.Layers[index];
            var (above, below, linear) = (_back[index + 1], _back[index], _linear[index]);
            Array.Clear(below);
            for (var unit = 0; unit < layer.Outputs; unit++)
            {
                var sigmoid = 1 / (1 + MathF.Exp(-linear[unit]));
                var slope = above[unit] * sigmoid * (1 + linear[unit] * (1 - sigmoid)); // d/dy of y · sigmoid(y)
                TensorPrimitives.MultiplyAdd(layer.Weight.AsSpan(unit * layer.Inputs, layer.Inputs), slope, below, below);
            }
        }
        TensorPrimitives.Divide(_back[0].AsSpan(0, gradient.Length), _weights.Deviation.AsSpan(0, gradient.Length), gradient);
    }
}

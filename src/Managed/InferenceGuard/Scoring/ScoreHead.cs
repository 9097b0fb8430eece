// A small network on a hidden state that makes a score of it.

using System.Numerics.Tensors;

namespace InferenceGuard.Scoring;

/// <summary>
/// A score of a hidden state h: linear, or with one hidden layer of SiLU units; then, for a model with a normaliser, (score − mean) / std. A cost
/// keeps its zero, the border between safe and unsafe, and is divided only.
/// </summary>
public sealed record ScoreHead
{
    /// <summary>H: numbers in.</summary>
    public required int Width { get; init; }

    /// <summary>Weights of the hidden layer, float32[units, H]; empty without one.</summary>
    public float[] HiddenWeight { get; init; } = [];

    /// <summary>Biases of the hidden layer, float32[units].</summary>
    public float[] HiddenBias { get; init; } = [];

    /// <summary>Weights of the output, float32[H], or float32[units] behind a hidden layer.</summary>
    public required float[] Weight { get; init; }

    /// <summary>Bias of the output.</summary>
    public float Bias { get; init; }

    /// <summary>Mean that a reward's normaliser takes away.</summary>
    public double Mean { get; init; }

    /// <summary>Standard deviation that a normaliser divides by; above 0.</summary>
    public double Deviation { get; init; } = 1;

    /// <summary>The score of a hidden state.</summary>
    /// <param name="hidden">float32[H].</param>
    public double Of(ReadOnlySpan<float> hidden)
    {
        if (HiddenWeight.Length == 0)
            return (Dot(hidden, Weight) + Bias - Mean) / Deviation;
        var sum = (double)Bias;
        for (var unit = 0; unit < Weight.Length; unit++)
        {
            var x = Dot(hidden, HiddenWeight.AsSpan(unit * Width, Width)) + HiddenBias[unit];
            sum += Weight[unit] * x / (1 + Math.Exp(-x));
        }
        return (sum - Mean) / Deviation;
    }

    private static double Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y) => TensorPrimitives.Dot(x, y);
}

// A critic with random weights that behave as a trained one's.

using InferenceGuard.Compute;

namespace InferenceGuard.Benchmarks;

/// <summary>Random weights, under which every layer keeps the variance.</summary>
internal static class RandomCritic
{
    /// <param name="hidden">H.</param>
    /// <param name="widths">Units of the hidden layers.</param>
    public static CriticWeights Weights(int hidden, int[] widths)
    {
        var (random, inputs, layers) = (new Random(3), CriticWeights.InputsOf(hidden), new List<DenseLayer>());
        foreach (var width in widths.Append(2))
        {
            var from = layers.Count == 0 ? inputs : layers[^1].Outputs;
            layers.Add(new(Numbers(random, width * from, 1 / MathF.Sqrt(from)), Numbers(random, width, 0.1f)));
        }
        float[] deviation = [.. Numbers(random, inputs, 0.1f).Select(static value => 1 + Math.Abs(value))];
        return new() { HiddenWidth = hidden, Budget = 10, Mean = Numbers(random, inputs, 0.1f), Deviation = deviation, Layers = layers[..^1], Heads = layers[^1] };
    }

    /// <summary>Evenly distributed numbers with this standard deviation.</summary>
    public static float[] Numbers(Random random, int count, float deviation)
    {
        var values = new float[count];
        for (var at = 0; at < count; at++)
            values[at] = (random.NextSingle() - 0.5f) * MathF.Sqrt(12) * deviation;
        return values;
    }
}

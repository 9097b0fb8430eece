// A critic of any shape with random weights, and what it predicts, computed as plainly as possible.

using InferenceGuard.Compute;
using InferenceGuard.Critic;
using InferenceGuard.Model;

namespace InferenceGuard.Tests.Support;

/// <summary>Critics with seeded random weights, and a forward pass in float64 to hold devices against.</summary>
internal static class SeededCritic
{
    /// <summary>A critic for a model, with two hidden layers.</summary>
    public static LatentCritic For(ModelInfo model, int seed)
    {
        var random = new Random(seed);
        var inputs = CriticWeights.InputsOf(model.HiddenWidth);
        return new(
            new CriticWeights
            {
                HiddenWidth = model.HiddenWidth,
                Budget = 10,
                Mean = Numbers(inputs, 0.5),
                Deviation = [.. Enumerable.Range(0, inputs).Select(_ => 0.5f + random.NextSingle())],
                Layers = [new(Numbers(24 * inputs, Math.Sqrt(3.0 / inputs)), Numbers(24, 0.5)), new(Numbers(16 * 24, Math.Sqrt(3.0 / 24)), Numbers(16, 0.5))],
                Heads = new(Numbers(2 * 16, 1), Numbers(2, 0.5)),
            },
            new CriticBinding
            {
                ModelName = model.Name, ModelFingerprint = new('0', 64), Quantization = model.Quantization, HiddenWidth = model.HiddenWidth,
                VocabularySize = model.VocabularySize, Cost = "c", Reward = "r", Budget = 10, Discount = 0.999, MaxTokens = 12, TokensPerCharge = 2, TrainingPrompts = new('1', 64),
            });

        // Uniform in ±range.
        float[] Numbers(int count, double range) => [.. Enumerable.Range(0, count).Select(_ => (float)(range * (2 * random.NextDouble() - 1)))];
    }

    /// <summary>f¹ and f² of an input that is not standardised.</summary>
    public static (double Safe, double Reward) Predict(CriticWeights weights, double[] input)
    {
        double[] x = [.. input.Select((value, at) => (value - weights.Mean[at]) / weights.Deviation[at])];
        foreach (var layer in weights.Layers)
            x = [.. Linear(layer, x).Select(static y => y / (1 + Math.Exp(-y)))];
        var heads = Linear(weights.Heads, x);
        return (1 / (1 + Math.Exp(-heads[0])), heads[1]);
    }

    /// <summary>The gradient by h of a function of f¹ and f², by central differences.</summary>
    public static double[] Gradient(CriticWeights weights, double[] input, Func<double, double, double> value)
    {
        // The error of a central difference in float64 is about its square, 1e-10.
        const double Difference = 1e-5;
        return [.. Enumerable.Range(0, weights.HiddenWidth).Select(at => (At(at, Difference) - At(at, -Difference)) / (2 * Difference))];

        double At(int at, double difference)
        {
            var moved = (double[])[.. input];
            moved[at] += difference;
            var (safe, reward) = Predict(weights, moved);
            return value(safe, reward);
        }
    }

    private static double[] Linear(DenseLayer layer, double[] x)
    {
        var y = new double[layer.Outputs];
        for (var unit = 0; unit < y.Length; unit++)
        {
            y[unit] = layer.Bias[unit];
            for (var at = 0; at < x.Length; at++)
                y[unit] += x[at] * layer.Weight[unit * layer.Inputs + at];
        }
        return y;
    }
}

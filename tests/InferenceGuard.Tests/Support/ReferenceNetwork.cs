// A critic's network in float64, written as plainly as the formula.

using InferenceGuard.Compute;

namespace InferenceGuard.Tests.Support;

/// <summary>The layers in float64: y = W x + b, x ← y · sigmoid(y) between them, the last one linear.</summary>
internal sealed class ReferenceNetwork(IEnumerable<DenseLayer> layers)
{
    /// <summary>Weights [out, in] and biases [out] of every layer; free to be changed.</summary>
    public (double[] Weight, double[] Bias)[] Layers { get; } =
        [.. layers.Select(static layer => (Array.ConvertAll(layer.Weight, static value => (double)value), Array.ConvertAll(layer.Bias, static value => (double)value)))];

    /// <summary>The logit of f¹ and f² of a critic's input, which is not standardised.</summary>
    public static (double Logit, double Reward) Of(CriticWeights weights, IReadOnlyList<float> input)
    {
        var standardised = input.Select((value, at) => ((double)value - weights.Mean[at]) / weights.Deviation[at]);
        var outputs = new ReferenceNetwork([.. weights.Layers, weights.Heads]).Outputs([.. standardised]);
        return (outputs[0], outputs[1]);
    }

    /// <summary>Outputs of the last layer.</summary>
    public double[] Outputs(double[] input)
    {
        for (var index = 0; index < Layers.Length; index++)
        {
            var (weight, bias) = Layers[index];
            var output = (double[])bias.Clone();
            for (var unit = 0; unit < output.Length; unit++)
                for (var at = 0; at < input.Length; at++)
                    output[unit] += weight[unit * input.Length + at] * input[at];
            input = index + 1 == Layers.Length ? output : Array.ConvertAll(output, static y => y / (1 + Math.Exp(-y)));
        }
        return input;
    }
}

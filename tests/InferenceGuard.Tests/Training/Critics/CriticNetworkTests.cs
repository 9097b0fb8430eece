// The critic's network in training: predictions, every gradient, and the optimiser's steps, against float64.

using InferenceGuard.Compute;
using InferenceGuard.Tests.Support;
using InferenceGuard.Training.Critics;

namespace InferenceGuard.Tests.Training.Critics;

internal sealed class CriticNetworkTests
{
    private const int MaxRows = 12;

    private static readonly int[][] s_shapes = [[7, 5, 2], [19, 13, 9, 2], [3, 1, 2], [40, 33, 17, 8, 2]];

    [TestCaseSource(nameof(s_shapes))]
    public void Forward_AnyShape_EqualsFloat64(int[] widths)
    {
        var (network, reference) = Networks(widths, MaxRows);
        foreach (var rows in (int[])[MaxRows, 1, 5])
        {
            Fill(network, rows, widths[0], rows);
            network.Forward(rows);
            for (var row = 0; row < rows; row++)
            {
                var expected = reference.Outputs(Input(network, row, widths[0]));
                for (var head = 0; head < 2; head++)
                    Assert.That(network.Outputs[row * 2 + head], Is.EqualTo(expected[head]).Within(2e-6 + 2e-6 * Math.Abs(expected[head])), "sums of up to 40 float32 products of size 1");
            }
        }
    }

    [TestCaseSource(nameof(s_shapes))]
    public void Backward_EveryWeightAndBias_IsTheFiniteDifference(int[] widths)
    {
        const int Rows = 9;
        var (network, reference) = Networks(widths, MaxRows);
        Fill(network, MaxRows, widths[0], 1); // A larger batch before leaves nothing behind.
        network.Forward(MaxRows);
        network.Backward(MaxRows);
        Check(network, reference, Rows, widths[0], _ => true);
    }

    [Test]
    public void Backward_ProductsSharedBetweenThreads_AreTheFiniteDifference()
    {
        // 64 · 310 · 260 multiplications are more than one thread does.
        var (network, reference) = Networks([310, 260, 7, 2], 64);
        var random = new Random(3);
        Check(network, reference, 64, 310, count => random.Next(count) < 4);
    }

    [Test]
    public void Step_SeveralSteps_FollowAdamW()
    {
        var (network, _) = Networks([5, 4, 2], 1);
        var reference = new ReferenceNetwork(network.Layers);
        var random = new Random(5);
        var values = reference.Layers.SelectMany(static layer => (double[][])[layer.Weight, layer.Bias]).ToArray();
        var gradients = network.Gradients.SelectMany(static layer => (float[][])[layer.Weight, layer.Bias]).ToArray();
        var (first, second) = (values.Select(static array => new double[array.Length]).ToArray(), values.Select(static array => new double[array.Length]).ToArray());
        for (var step = 0; step < 50; step++)
        {
            var (rate, decay) = (0.01f / (step + 1), 0.3f);
            foreach (var gradient in gradients)
                RandomCritic.Numbers(random, gradient.Length, MathF.Pow(10, step % 5 - 3)).CopyTo(gradient, 0);
            network.Step(step, rate, decay);
            for (var part = 0; part < values.Length; part++)
                for (var at = 0; at < values[part].Length; at++)
                {
                    var gradient = (double)gradients[part][at];
                    first[part][at] = 0.9 * first[part][at] + 0.1 * gradient;
                    second[part][at] = 0.999 * second[part][at] + 0.001 * gradient * gradient;
                    var (mean, square) = (first[part][at] / (1 - Math.Pow(0.9, step + 1)), second[part][at] / (1 - Math.Pow(0.999, step + 1)));
                    var isWeight = part % 2 == 0; // Biases do not decay.
                    values[part][at] -= rate * (mean / (Math.Sqrt(square) + 1e-8) + (isWeight ? decay * values[part][at] : 0));
                }
        }
        var trained = network.Layers.SelectMany(static layer => (float[][])[layer.Weight, layer.Bias]).ToArray();
        for (var part = 0; part < values.Length; part++)
            for (var at = 0; at < values[part].Length; at++)
                // Fifty float32 steps of a hundredth each; 1 − 0.999 itself is only right to 1e-5 of itself in float32.
                Assert.That(trained[part][at], Is.EqualTo(values[part][at]).Within(2e-6 + 1e-5 * Math.Abs(values[part][at])));
    }

    [Test]
    public void Begin_Layers_HaveUnitVarianceAndSilentHeads()
    {
        var layers = CriticNetwork.Begin(300, [200, 50], 7).ToArray();
        Assert.That(layers.Select(static layer => (layer.Inputs, layer.Outputs)), Is.EqualTo(((int, int)[])[(300, 200), (200, 50), (50, 2)]));
        foreach (var layer in layers[..2])
        {
            // 1 / inputs, within five standard deviations of the variance of so many uniform numbers.
            Assert.That(layer.Weight.Average(static value => value * value) * layer.Inputs, Is.EqualTo(1).Within(5 * Math.Sqrt(0.8 / layer.Weight.Length)));
            Assert.That(layer.Bias, Is.All.Zero);
        }
        Assert.That(layers[2].Weight.Concat(layers[2].Bias), Is.All.Zero);
        Assert.That(CriticNetwork.Begin(300, [200, 50], 7).First().Weight, Is.EqualTo(layers[0].Weight));
        Assert.That(CriticNetwork.Begin(300, [200, 50], 8).First().Weight, Is.Not.EqualTo(layers[0].Weight));
    }

    // The loss is Σ over rows and heads of weight · output, with fixed weights: its gradient by the outputs is the weight.
    private static void Check(CriticNetwork network, ReferenceNetwork reference, int rows, int inputs, Func<int, bool> isChecked)
    {
        Fill(network, rows, inputs, 2);
        var weights = RandomCritic.Numbers(new(4), rows * 2, 1);
        weights.CopyTo(network.OutputGradients, 0);
        network.Forward(rows);
        network.Backward(rows);
        var batch = Enumerable.Range(0, rows).Select(row => Input(network, row, inputs)).ToArray();
        const double Step = 1e-5;
        var found = 0;
        foreach (var (index, (weight, bias)) in reference.Layers.Index())
            foreach (var (values, gradient, name) in ((double[], float[], string)[])[(weight, network.Gradients[index].Weight, "weight"), (bias, network.Gradients[index].Bias, "bias")])
                for (var at = 0; at < values.Length; at++)
                {
                    if (!isChecked(values.Length))
                        continue;
                    found++;
                    var before = values[at];
                    values[at] = before + Step;
                    var above = Loss();
                    values[at] = before - Step;
                    var below = Loss();
                    values[at] = before;
                    var expected = (above - below) / (2 * Step);
                    // Central differences in float64 are right to about 1e-9; the rest is float32 sums over the rows and units.
                    Assert.That(gradient[at], Is.EqualTo(expected).Within(3e-6 + 1e-5 * Math.Abs(expected)), $"{name} {at} of layer {index}");
                }
        Assert.That(found, Is.GreaterThan(7));

        double Loss() => batch.Select((input, row) => reference.Outputs(input).Select((output, head) => output * weights[row * 2 + head]).Sum()).Sum();
    }

    private static (CriticNetwork Network, ReferenceNetwork Reference) Networks(int[] widths, int maxRows)
    {
        var random = new Random(widths[0]);
        DenseLayer[] layers = [.. widths.Zip(widths.Skip(1), (inputs, outputs) => RandomCritic.Layer(random, inputs, outputs))];
        return (new(layers, maxRows), new(layers));
    }

    private static void Fill(CriticNetwork network, int rows, int inputs, int seed) => RandomCritic.Numbers(new(seed), rows * inputs, 1.7f).CopyTo(network.Inputs, 0);

    private static double[] Input(CriticNetwork network, int row, int inputs) =>
        Array.ConvertAll(network.Inputs[(row * inputs)..((row + 1) * inputs)], static value => (double)value);
}

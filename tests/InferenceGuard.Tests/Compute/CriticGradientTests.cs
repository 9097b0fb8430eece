// The gradient of the critic's predictions by the hidden state, against finite differences in float64.

using InferenceGuard.Compute;
using InferenceGuard.Model;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Compute;

internal sealed class CriticGradientTests
{
    private static readonly ModelInfo s_model = new()
    {
        Path = "", Architecture = "", Name = "", ParameterCount = 0, SizeBytes = 0, Quantization = "", VocabularySize = 50, HiddenWidth = 9,
        LayerCount = 1, TrainedContextTokens = 10, CellSizeBytes = 0,
    };

    [Test]
    public void Forward_SeededCritics_PredictsAsInDoublePrecision([Range(1, 5)] int seed)
    {
        var weights = SeededCritic.For(s_model, seed).Weights;
        var input = Input(weights, seed);
        var (safe, reward) = new CriticGradient(weights).Forward(Array.ConvertAll(input, static value => (float)value));
        var (expectedSafe, expectedReward) = SeededCritic.Predict(weights, input);
        // Sums of some twenty float32 products, three layers deep: a few units in the last place of numbers about 1.
        Assert.That(safe, Is.EqualTo(expectedSafe).Within(2e-6 + 1e-5 * expectedSafe));
        Assert.That(reward, Is.EqualTo(expectedReward).Within(2e-6 + 1e-5 * Math.Abs(expectedReward)));
    }

    [TestCase(1, 0)]
    [TestCase(0, 1)]
    [TestCase(-2, 3)]
    public void Backward_SeededCritics_GivesTheGradientOfFiniteDifferences(double bySafe, double byReward)
    {
        for (var seed = 1; seed <= 5; seed++)
        {
            var weights = SeededCritic.For(s_model, seed).Weights;
            var input = Input(weights, seed);
            var network = new CriticGradient(weights);
            _ = network.Forward(new float[weights.InputWidth]); // What an earlier position left must not matter.
            network.Backward(1, 1, new float[weights.HiddenWidth]);
            _ = network.Forward(Array.ConvertAll(input, static value => (float)value));
            var gradient = new float[weights.HiddenWidth];
            network.Backward((float)bySafe, (float)byReward, gradient);
            var expected = SeededCritic.Gradient(weights, input, (safe, reward) => bySafe * Math.Log(safe / (1 - safe)) + byReward * reward);
            Assert.That(expected.Max(Math.Abs), Is.GreaterThan(0.05), "data that can fail");
            for (var at = 0; at < gradient.Length; at++)
                Assert.That(gradient[at], Is.EqualTo(expected[at]).Within(1e-5 + 1e-4 * Math.Abs(expected[at])), $"seed {seed}, ∂h[{at}]"); // float32 sums, as above.
        }
    }

    private static double[] Input(CriticWeights weights, int seed)
    {
        var random = new Random(100 + seed);
        return [.. Enumerable.Range(0, weights.InputWidth).Select(_ => (double)(float)(4 * random.NextDouble() - 2))];
    }
}

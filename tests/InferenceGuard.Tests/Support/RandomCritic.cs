// Critics of any shape with random numbers: right in every shape, meaningless in every prediction.

using InferenceGuard.Compute;
using InferenceGuard.Critic;

namespace InferenceGuard.Tests.Support;

/// <summary>Critics with random numbers.</summary>
internal static class RandomCritic
{
    /// <summary>V of the base model that <see cref="Of"/> says it belongs to.</summary>
    public const int VocabularySize = 57;

    /// <summary>Weights with variance 1 / inputs, so that activations neither vanish nor explode.</summary>
    public static CriticWeights Weights(int hiddenWidth, int[] layers, int seed)
    {
        var random = new Random(seed);
        var inputs = CriticWeights.InputsOf(hiddenWidth);
        return new()
        {
            HiddenWidth = hiddenWidth, Budget = 10,
            Mean = Numbers(random, inputs, 1), Deviation = [.. Numbers(random, inputs, 0.7f).Select(static value => 1.5f + value)],
            Layers = Layers(random, inputs, layers), Heads = Layer(random, layers[^1], 2),
        };
    }

    /// <summary>A critic with such weights.</summary>
    public static LatentCritic Of(int hiddenWidth, int[] layers, int seed) => new(Weights(hiddenWidth, layers, seed), Binding(hiddenWidth));

    /// <summary>What it belongs to.</summary>
    public static CriticBinding Binding(int hiddenWidth) => new()
    {
        ModelName = "Tiny “7B”", ModelFingerprint = new('a', 64), Quantization = "Q4_0", HiddenWidth = hiddenWidth, VocabularySize = VocabularySize,
        Cost = "c", Reward = "r", Budget = 10, Discount = 0.999, MaxTokens = 128, TokensPerCharge = 8, TrainingPrompts = new('1', 64),
    };

    /// <summary>Numbers even in [−scale, scale).</summary>
    public static float[] Numbers(Random random, int count, float scale) => [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2 - 1) * scale)];

    /// <summary>A layer with weights of variance 1 / inputs.</summary>
    public static DenseLayer Layer(Random random, int inputs, int outputs) =>
        new(Numbers(random, inputs * outputs, MathF.Sqrt(3f / inputs)), Numbers(random, outputs, 0.5f));

    private static List<DenseLayer> Layers(Random random, int inputs, int[] widths)
    {
        var layers = new List<DenseLayer>();
        foreach (var width in widths)
        {
            layers.Add(Layer(random, inputs, width));
            inputs = width;
        }
        return layers;
    }
}

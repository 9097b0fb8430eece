// A critic whose predictions are written into the hidden states of a TableModel.

using InferenceGuard.Compute;
using InferenceGuard.Critic;
using InferenceGuard.Model;

namespace InferenceGuard.Tests.Support;

/// <summary>Reads hidden states [s, r]: the logit of f¹ is 5 where s = 1 and −5 where s = −1, and f² is r, for r ≥ 20.</summary>
internal static class WrittenCritic
{
    /// <summary>A hidden state that says how a text will end.</summary>
    public static float[] State(bool isSafe, float reward) => [isSafe ? 1 : -1, reward];

    public static LatentCritic For(ModelInfo model)
    {
        var inputs = CriticWeights.InputsOf(TableModel.HiddenWidth);
        var first = new float[2 * inputs];
        first[0] = 20;          // silu(20 s) is 20 or about 0,
        first[inputs + 1] = 1;  // silu(r) is r.
        return new(
            new CriticWeights
            {
                HiddenWidth = TableModel.HiddenWidth,
                Budget = 10,
                Mean = new float[inputs],
                Deviation = [.. Enumerable.Repeat(1f, inputs)],
                Layers = [new(first, [0, 0])],
                Heads = new([0.5f, 0, 0, 1], [-5, 0]),
            },
            new CriticBinding
            {
                ModelName = model.Name, ModelFingerprint = new('0', 64), Quantization = model.Quantization, HiddenWidth = model.HiddenWidth,
                VocabularySize = model.VocabularySize, Cost = "c", Reward = "r", Budget = 10, Discount = 0.999, MaxTokens = 12, TokensPerCharge = 2, TrainingPrompts = new('1', 64),
            });
    }
}

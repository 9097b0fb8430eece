// The random-weight model whose speed is measured: the shape of a 1.1-billion-parameter llama, Q4_0.

using InferenceGuard.Model;
using InferenceGuard.Training;

namespace InferenceGuard.Benchmarks;

/// <summary>Random-weight models, written once and kept under the artifacts.</summary>
internal static class RandomModels
{
    /// <summary>A model in TinyLlama's shape, about 620 MB.</summary>
    public static string BillionShape()
    {
        var path = Path.Combine(HearthFiles.Artifacts, "random-1b-q4_0.gguf");
        if (File.Exists(path))
            return path;
        Directory.CreateDirectory(HearthFiles.Artifacts);
        new RandomModel
        {
            Name = "random 1B Q4_0",
            Shape = new() { Width = 2048, Layers = 22, Heads = 32, KeyValueHeads = 4, FeedForward = 5632, ContextTokens = 2048 },
            Vocabulary = GgufVocabulary.SyntheticSpm(32_000),
            Type = GgufTensorType.Q4,
        }.Save(path);
        return path;
    }
}

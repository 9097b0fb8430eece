// Every knob of a language model training.

using System.Globalization;
using InferenceGuard.Interop.Llama;
using InferenceGuard.Model;

namespace InferenceGuard.Training;

/// <summary>How a small language model is made from a corpus. The same recipe and corpus on the same machine give the same model.</summary>
public sealed record LanguageModelRecipe
{
    /// <summary>The network, of at most 15 layers; ignored when <see cref="BaseModel"/> is given. Key-value heads must equal heads.</summary>
    public ModelShape Shape { get; init; } = new() { Width = 128, Layers = 4, Heads = 4, FeedForward = 352, ContextTokens = 512, TiedOutput = true };

    /// <summary>Vocabulary size V, 259 or more; ignored when <see cref="BaseModel"/> is given.</summary>
    public int VocabularySize { get; init; } = 1024;

    /// <summary>A model made by this trainer whose vocabulary and weights are the beginning; null = a new one.</summary>
    public string? BaseModel { get; init; }

    /// <summary><c>general.name</c> of the model.</summary>
    public string Name { get; init; } = "trained";

    /// <summary>How often every document is seen.</summary>
    public double Epochs { get; init; } = 10;

    /// <summary>Tokens of a row, a multiple of 32; 0 = the least that holds the longest conversation. Attention costs grow with it.</summary>
    public int RowTokens { get; init; }

    /// <summary>Rows of an optimiser step.</summary>
    public int RowsPerStep { get; init; } = 8;

    /// <summary>Highest learning rate.</summary>
    public double LearningRate { get; init; } = 3e-3;

    /// <summary>Share of the steps in which the learning rate rises.</summary>
    public double WarmupShare { get; init; } = 0.03;

    /// <summary>AdamW's decay of weights per step, times the learning rate.</summary>
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>Whether prompts are context only. Plain texts are learnt from throughout.</summary>
    public bool LearnAnswersOnly { get; init; } = true;

    /// <summary>Share of the documents kept out to measure the loss on, 0 to 0.5.</summary>
    public double HeldOutShare { get; init; } = 0.02;

    /// <summary>Steps between measurements of the held-out loss.</summary>
    public int StepsPerEvaluation { get; init; } = 200;

    /// <summary>Time between checkpoints.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Format of the matrices in the finished file: F32, F16, Q8_0 or Q4_0.</summary>
    public GgufTensorType Type { get; init; } = GgufTensorType.F16;

    /// <summary>Seed of the weights and of the order of documents.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Threads; 0 = one per physical core.</summary>
    public int Threads { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="GuardException">The first value that is out of range.</exception>
    public void Validate()
    {
        TensorEncoding.ThrowIfUnsupported(Type);
        Require(VocabularySize >= GgufVocabulary.SmallestBpe, nameof(VocabularySize), VocabularySize, $"{GgufVocabulary.SmallestBpe} or more");
        Require(Epochs is > 0 and <= 1e6, nameof(Epochs), Epochs, "above 0");
        Require(RowTokens is >= 0 and <= 4096 && RowTokens % RowGranule == 0, nameof(RowTokens), RowTokens, $"0, or a multiple of {RowGranule} up to 4096");
        Require(RowsPerStep is >= 1 and <= 1024, nameof(RowsPerStep), RowsPerStep, "1 to 1024");
        Require(LearningRate is > 0 and <= 1, nameof(LearningRate), LearningRate, "above 0, at most 1");
        Require(WarmupShare is >= 0 and <= 1, nameof(WarmupShare), WarmupShare, "0 to 1");
        Require(WeightDecay is >= 0 and <= 1, nameof(WeightDecay), WeightDecay, "0 to 1");
        Require(HeldOutShare is >= 0 and <= 0.5, nameof(HeldOutShare), HeldOutShare, "0 to 0.5");
        Require(StepsPerEvaluation >= 1, nameof(StepsPerEvaluation), StepsPerEvaluation, "1 or more");
        Require(CheckpointInterval >= TimeSpan.Zero, nameof(CheckpointInterval), CheckpointInterval, "0 or more");
        if (BaseModel is not null)
            return;
        Shape.Validate();
        Require(Shape.Layers <= LlamaTrainingShape.MaxLayers, nameof(ModelShape.Layers), Shape.Layers, $"at most {LlamaTrainingShape.MaxLayers}: ggml's optimiser has no room for the gradients of more");
        Require(Shape.EffectiveKeyValueHeads == Shape.Heads, nameof(ModelShape.KeyValueHeads), Shape.KeyValueHeads, "as many as heads: the trainer knows no grouped heads");
    }

    /// <summary>Row lengths are multiples of this.</summary>
    internal const int RowGranule = 32;

    private static void Require(bool holds, string name, object value, string expected)
    {
        if (!holds)
            throw new GuardException(GuardFault.Usage, string.Create(CultureInfo.InvariantCulture, $"{name} is {value}, expected {expected}."));
    }
}

// Writes llama-architecture GGUF files with random weights: right in every shape, meaningless in every answer.

using InferenceGuard.Model;

namespace InferenceGuard.Training;

/// <summary>A llama-architecture model with random weights: the start of a training, and food for tests and benchmarks.</summary>
public sealed record RandomModel
{
    private const float NormEpsilon = 1e-5f;

    /// <summary>Standard deviation of small initial weights; the projections that write into the residual stream get 1/√(2·layers) of it.</summary>
    private const double SmallDeviation = 0.02;

    private const double LivelyLogitDeviation = 2.5;

    /// <summary>The network.</summary>
    public required ModelShape Shape { get; init; }

    /// <summary>The vocabulary.</summary>
    public required GgufVocabulary Vocabulary { get; init; }

    /// <summary>Format of the matrices: F32, F16, Q8_0 or Q4_0. Norms are always F32.</summary>
    public GgufTensorType Type { get; init; } = GgufTensorType.F32;

    /// <summary>How spread out the weights are.</summary>
    public InitialWeights Weights { get; init; } = InitialWeights.Lively;

    /// <summary>The same seed gives the same file.</summary>
    public ulong Seed { get; init; }

    /// <summary><c>general.name</c>.</summary>
    public string Name { get; init; } = "random";

    /// <summary>Writes the file.</summary>
    /// <param name="path">The file; replaced when it exists.</param>
    /// <param name="cancellation">Honoured between rows.</param>
    /// <exception cref="GuardException">The shape is impossible or the file cannot be written.</exception>
    public void Save(string path, CancellationToken cancellation = default)
    {
        Shape.Validate();
        if (Shape.Width % Type.BlockElements != 0 || Shape.FeedForward % Type.BlockElements != 0)
            throw new GuardException(GuardFault.Usage, $"{Type} needs widths that are multiples of {Type.BlockElements}; the model's are {Shape.Width} and {Shape.FeedForward}.");
        var file = new GgufWriter().Set(Metadata()).Set(Vocabulary.Metadata);
        AddTensors(file);
        file.Save(path, cancellation);
    }

    /// <summary><c>general.file_type</c> of a file whose matrices have a format.</summary>
    internal static uint FileType(GgufTensorType type) => type == GgufTensorType.F32 ? 0u : type == GgufTensorType.F16 ? 1u : type == GgufTensorType.Q4 ? 2u : 7u;

    private Dictionary<string, object> Metadata() => new()
    {
        ["general.architecture"] = "llama",
        ["general.name"] = Name,
        ["general.file_type"] = FileType(Type),
        ["llama.context_length"] = (uint)Shape.ContextTokens,
        ["llama.embedding_length"] = (uint)Shape.Width,
        ["llama.block_count"] = (uint)Shape.Layers,
        ["llama.feed_forward_length"] = (uint)Shape.FeedForward,
        ["llama.attention.head_count"] = (uint)Shape.Heads,
        ["llama.attention.head_count_kv"] = (uint)Shape.EffectiveKeyValueHeads,
        ["llama.attention.layer_norm_rms_epsilon"] = NormEpsilon,
        ["llama.rope.dimension_count"] = (uint)Shape.HeadWidth,
        ["llama.vocab_size"] = (uint)Vocabulary.Count,
    };

    private void AddTensors(GgufWriter file)
    {
        var (width, keys, hidden) = (Shape.Width, Shape.HeadWidth * Shape.EffectiveKeyValueHeads, Shape.FeedForward);
        var lively = Weights == InitialWeights.Lively;
        var inward = lively ? 1 / Math.Sqrt(width) : SmallDeviation;
        var outward = SmallDeviation / Math.Sqrt(2.0 * Shape.Layers);
        var logits = lively ? LivelyLogitDeviation / Math.Sqrt(width) : SmallDeviation;

        Matrix("token_embd", width, Vocabulary.Count, Shape.TiedOutput ? logits : lively ? 1 : SmallDeviation);
        Norm("output_norm");
        if (!Shape.TiedOutput)
            Matrix("output", width, Vocabulary.Count, logits);
        for (var layer = 0; layer < Shape.Layers; layer++)
        {
            Norm($"blk.{layer}.attn_norm");
            Matrix($"blk.{layer}.attn_q", width, width, inward);
            Matrix($"blk.{layer}.attn_k", width, keys, inward);
            Matrix($"blk.{layer}.attn_v", width, keys, inward);
            Matrix($"blk.{layer}.attn_output", width, width, lively ? inward : outward);
            Norm($"blk.{layer}.ffn_norm");
            Matrix($"blk.{layer}.ffn_gate", width, hidden, inward);
            Matrix($"blk.{layer}.ffn_up", width, hidden, inward);
            Matrix($"blk.{layer}.ffn_down", hidden, width, lively ? 1 / Math.Sqrt(hidden) : outward);
        }

        void Norm(string name) => file.Add(name + ".weight", [width], GgufTensorType.F32, static (_, values) => values.Fill(1));

        void Matrix(string name, int inputs, int outputs, double deviation)
        {
            var random = new SplitMix(Seed ^ StableHash(name));
            var scale = (float)(deviation * Math.Sqrt(12));
            file.Add(name + ".weight", [inputs, outputs], Type, (_, values) => random.FillUniform(values, scale));
        }
    }

    /// <summary>FNV-1a: unlike <see cref="string.GetHashCode()"/> the same in every process.</summary>
    private static ulong StableHash(string text) =>
        text.Aggregate(14695981039346656037UL, static (hash, letter) => unchecked((hash ^ letter) * 1099511628211UL));
}

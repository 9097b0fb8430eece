// A language model whose weights are in a training session, and its way from and to GGUF files.

using InferenceGuard.Interop.Llama;
using InferenceGuard.Model;

namespace InferenceGuard.Training;

/// <summary>A GGUF model opened for training: its metadata, and its weights in a session.</summary>
internal sealed class TrainableModel : IDisposable
{
    private readonly GgufFile _file;

    private TrainableModel(GgufFile file, LlamaTrainingSession session) => (_file, Session) = (file, session);

    /// <summary>Weights, inputs and optimiser.</summary>
    public LlamaTrainingSession Session { get; }

    /// <summary>Trainable numbers.</summary>
    public long ParameterCount => Session.WeightNames.Sum(name => (long)Session.Weight(name).Length);

    /// <summary>Opens a model.</summary>
    /// <param name="path">A llama-architecture GGUF in a format that <see cref="TensorEncoding"/> decodes.</param>
    /// <param name="rowTokens">Tokens of a row.</param>
    /// <param name="rows">Rows of a step.</param>
    /// <param name="threads">Threads of each operation.</param>
    /// <exception cref="GuardException">The file is no such model.</exception>
    public static TrainableModel Load(string path, int rowTokens, int rows, int threads)
    {
        var file = GgufFile.Read(path);
        var session = new LlamaTrainingSession(ShapeOf(file, rowTokens, rows), threads);
        try
        {
            if (file.Tensors.Select(static tensor => tensor.Name).Except(session.WeightNames).FirstOrDefault() is { } unknown)
                throw Unusable(file, $"its tensor {unknown} is unknown to the trainer");
            using var reader = new TensorReader(file);
            foreach (var name in session.WeightNames)
                reader.Read(name, session.Weight(name));
            return new TrainableModel(file, session);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Writes the model with its present weights.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name"><c>general.name</c>.</param>
    /// <param name="type">Format of the matrices; norms stay F32.</param>
    public void Save(string path, string name, GgufTensorType type)
    {
        var writer = new GgufWriter().Set(_file.Metadata).Set("general.name", name).Set("general.file_type", RandomModel.FileType(type));
        foreach (var tensor in _file.Tensors)
        {
            var width = (int)tensor.Shape[0];
            var isMatrix = tensor.Shape.Count > 1;
            writer.Add(tensor.Name, tensor.Shape, isMatrix ? type : GgufTensorType.F32, (row, values) => Session.Weight(tensor.Name).Slice((int)row * width, width).CopyTo(values));
        }

        writer.Save(path);
    }

    public void Dispose() => Session.Dispose();

    private static LlamaTrainingShape ShapeOf(GgufFile file, int rowTokens, int rows)
    {
        if (file.Architecture != "llama")
            throw Unusable(file, $"its architecture is {file.Architecture}, expected llama");
        int Number(string key) => file.WholeNumber("llama." + key) is { } value and > 0 and <= int.MaxValue ? (int)value : throw Unusable(file, $"llama.{key} is missing");
        float Real(string key, float fallback) => file.Metadata.GetValueOrDefault("llama." + key) as float? ?? fallback;
        var shape = new ModelShape
        {
            Width = Number("embedding_length"),
            Layers = Number("block_count"),
            Heads = Number("attention.head_count"),
            FeedForward = Number("feed_forward_length"),
            TiedOutput = file.Tensors.All(static tensor => tensor.Name != "output.weight"),
        };
        shape.Validate();
        if (shape.Layers > LlamaTrainingShape.MaxLayers)
            throw Unusable(file, $"it has {shape.Layers} layers, and the trainer takes at most {LlamaTrainingShape.MaxLayers}");
        if (file.WholeNumber("llama.attention.head_count_kv") is { } keyValueHeads && keyValueHeads != shape.Heads)
            throw Unusable(file, $"it has {keyValueHeads} key-value heads for {shape.Heads} heads, and the trainer knows no grouped heads");

        return new LlamaTrainingShape
        {
            VocabularySize = file.Strings("tokenizer.ggml.tokens")?.Count ?? throw Unusable(file, "it has no vocabulary"),
            Width = shape.Width,
            Layers = shape.Layers,
            Heads = shape.Heads,
            FeedForward = shape.FeedForward,
            TiedOutput = shape.TiedOutput,
            NormEpsilon = Real("attention.layer_norm_rms_epsilon", 1e-5f),
            RopeBase = Real("rope.freq_base", 10_000),
            RowTokens = rowTokens,
            Rows = rows,
        };
    }

    private static GuardException Unusable(GgufFile file, string what) =>
        new(GuardFault.Usage, $"{file.Path} cannot be trained further: {what}. Give a model that this trainer made.");
}

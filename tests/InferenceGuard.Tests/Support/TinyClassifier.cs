// A text classifier that a test writes, with its logits by hand.

using System.Text.Json;
using InferenceGuard.Onnx;

namespace InferenceGuard.Tests.Support;

/// <summary>
/// Embedding plus segment embedding, mean over the tokens, linear: small, and computed again in double by <see cref="Logits"/>.
/// </summary>
/// <param name="Vocabulary">Tokens by id.</param>
/// <param name="Labels">Labels by index.</param>
internal sealed record TinyClassifier(string[] Vocabulary, string[] Labels)
{
    private const int Width = 64;

    private float[] Embedding => Draw(1, Vocabulary.Length * Width, 1);

    private static float[] Segment => Draw(2, 2 * Width, 0.5f);

    private float[] Weight => Draw(3, Labels.Length * Width, 1);

    private float[] Bias => Draw(4, Labels.Length, 0.2f);

    /// <summary>Whether the network has the input token_type_ids.</summary>
    public bool HasSegments { get; init; } = true;

    /// <summary>The type of its inputs.</summary>
    public int IndexType { get; init; } = OnnxGraph.Int64;

    /// <summary>Whether it rounds the mean to 8 bits, by a scale that depends on all that is computed at once; not so by hand.</summary>
    public bool IsQuantized { get; init; }

    /// <summary>An input that no classifier has.</summary>
    public string? OtherInput { get; init; }

    /// <summary>Fields of config.json besides id2label.</summary>
    public object Config { get; init; } = new { model_type = "bert", max_position_embeddings = 512 };

    /// <summary>The classifier of most tests: WordPiece, two labels, trained on nothing.</summary>
    public static TinyClassifier OfWords { get; } = new(
        ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "mix", "bleach", "##ed", "and", "ammonia", ".", "water", "\u00E9", "[", "sep", "]", "now"], ["safe", "unsafe"]);

    /// <summary>Writes model.onnx, config.json and vocab.txt into a new folder.</summary>
    /// <returns>The folder.</returns>
    public string Write()
    {
        var folder = WriteWithoutTokenizer();
        File.WriteAllLines(Path.Combine(folder, "vocab.txt"), Vocabulary);
        return folder;
    }

    /// <summary>Writes model.onnx and config.json into a new folder.</summary>
    /// <returns>The folder.</returns>
    public string WriteWithoutTokenizer()
    {
        var folder = Directory.CreateDirectory(Path.Combine(TestFolder.Path, Path.GetRandomFileName())).FullName;
        File.WriteAllBytes(Path.Combine(folder, "model.onnx"), Graph());
        var config = JsonSerializer.SerializeToNode(Config)!;
        config["id2label"] = JsonSerializer.SerializeToNode(Labels.Index().ToDictionary(static label => $"{label.Index}", static label => label.Item));
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());
        return folder;
    }

    /// <summary>Ids of tokens.</summary>
    public int[] Ids(params string[] tokens) => [.. tokens.Select(token => Array.IndexOf(Vocabulary, token) is >= 0 and var id ? id : throw new ArgumentException(token))];

    /// <summary>Logits of tokens: those before the bar are segment 0, the others segment 1.</summary>
    public double[] Logits(int[] before, int[] after)
    {
        var mean = new double[Width];
        var (embedding, segments, weight, bias) = (Embedding, Segment, Weight, Bias);
        foreach (var (token, segment) in before.Select(static token => (token, 0)).Concat(after.Select(static token => (token, 1))))
            for (var place = 0; place < Width; place++)
                mean[place] += ((double)embedding[token * Width + place] + (HasSegments ? segments[segment * Width + place] : 0)) / (before.Length + after.Length);
        return [.. Labels.Select((_, label) => bias[label] + mean.Select((value, place) => value * weight[label * Width + place]).Sum())];
    }

    /// <summary>Probabilities of labels that exclude each other.</summary>
    public double[] Softmax(int[] before, int[] after)
    {
        var powers = Logits(before, after).Select(Math.Exp).ToArray();
        return [.. powers.Select(power => power / powers.Sum())];
    }

    private byte[] Graph()
    {
        var graph = new OnnxGraph();
        string[] inputs = ["input_ids", "attention_mask", .. HasSegments ? ["token_type_ids"] : (string[])[], .. OtherInput is { } other ? [other] : (string[])[]];
        foreach (var input in inputs)
            graph.Input(input, IndexType, -1, -1);
        graph.Constant("embedding", Embedding.AsSpan(), Vocabulary.Length, Width);
        graph.Constant("segment", Segment.AsSpan(), 2, Width);
        graph.Constant("weight", Weight.AsSpan(), Labels.Length, Width);
        graph.Constant("bias", Bias.AsSpan(), Labels.Length);
        graph.Constant("first axis", [1L], 1);
        graph.Constant("last axis", [-1L], 1);
        graph.Node("Gather", ["embedding", "input_ids"], HasSegments ? "words" : "tokens");
        if (HasSegments)
        {
            graph.Node("Gather", ["segment", "token_type_ids"], "segments");
            graph.Node("Add", ["words", "segments"], "tokens");
        }
        graph.Node("Cast", ["attention_mask"], "mask", ("to", OnnxGraph.Float32));
        graph.Node("Unsqueeze", ["mask", "last axis"], "weights");
        graph.Node("Mul", ["tokens", "weights"], "weighted");
        graph.Node("ReduceSum", ["weighted", "first axis"], "sum", ("keepdims", 0));
        graph.Node("ReduceSum", ["weights", "first axis"], "count", ("keepdims", 0));
        graph.Node("Div", ["sum", "count"], "mean");
        graph.Node("DynamicQuantizeLinear", ["mean"], ["bytes", "scale", "zero"]);
        graph.Node("DequantizeLinear", ["bytes", "scale", "zero"], "rounded");
        graph.Node("Gemm", [IsQuantized ? "rounded" : "mean", "weight", "bias"], "logits", ("transB", 1));
        graph.Output("logits", OnnxGraph.Float32, -1, Labels.Length);
        return graph.ToArray();
    }

    private static float[] Draw(int seed, int count, float scale)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * 2 - 1) * scale)];
    }
}

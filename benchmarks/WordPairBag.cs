// A bag of words and word pairs: counts for the trainer, and the same as an ONNX network.

using InferenceGuard.Onnx;
using InferenceGuard.Scoring;

namespace InferenceGuard.Benchmarks;

/// <summary>
/// Counts of tokens, and of pairs of neighbouring tokens in hashed buckets. A head's hidden layer on such counts is an embedding of tokens and buckets,
/// summed up: so a network of two lookups computes it.
/// </summary>
/// <param name="vocabulary">Number of tokens.</param>
internal sealed class WordPairBag(int vocabulary)
{
    // Primes, so that pairs spread over the buckets.
    private const int Buckets = 2039, Spread = 683;

    /// <summary>Numbers of a bag.</summary>
    public int Width => vocabulary + Buckets;

    /// <summary>Counts the tokens of an input.</summary>
    /// <param name="ids">Its tokens.</param>
    /// <param name="counts">Out: float32[Width].</param>
    public void Count(ReadOnlySpan<long> ids, Span<float> counts)
    {
        counts.Clear();
        for (var at = 0; at < ids.Length; at++)
        {
            counts[(int)ids[at]]++;
            if (at > 0)
                counts[vocabulary + (int)((ids[at - 1] * Spread + ids[at]) % Buckets)]++;
        }
    }

    /// <summary>The network: <c>input_ids</c>, <c>attention_mask</c> → <c>logits</c>, of which the first is always 0.</summary>
    /// <param name="head">A head on the counts, with a hidden layer.</param>
    public byte[] Graph(ScoreHead head)
    {
        var (graph, units) = (new OnnxGraph(), head.Weight.Length);
        graph.Input("input_ids", OnnxGraph.Int64, -1, -1);
        graph.Input("attention_mask", OnnxGraph.Int64, -1, -1);
        graph.Constant("word embedding", Embedding(head, units, 0, vocabulary), vocabulary, units);
        graph.Constant("pair embedding", Embedding(head, units, vocabulary, Buckets), Buckets, units);
        graph.Constant("hidden bias", head.HiddenBias.AsSpan(), units);
        graph.Constant("weight", [.. new float[units], .. head.Weight], 2, units);
        graph.Constant("bias", [0, head.Bias], 2);
        graph.Constant("spread", [(long)Spread], 1);
        graph.Constant("buckets", [(long)Buckets], 1);
        graph.Constant("zero", [0L], 1);
        graph.Constant("one", [1L], 1);
        graph.Constant("minus one", [-1L], 1);
        graph.Constant("end", [long.MaxValue], 1);

        graph.Node("Slice", ["input_ids", "zero", "minus one", "one"], "left");
        graph.Node("Slice", ["input_ids", "one", "end", "one"], "right");
        graph.Node("Slice", ["attention_mask", "one", "end", "one"], "right mask");
        graph.Node("Mul", ["left", "spread"], "spread left");
        graph.Node("Add", ["spread left", "right"], "mixed");
        graph.Node("Mod", ["mixed", "buckets"], "pairs");
        Sum("word embedding", "input_ids", "attention_mask", "words");
        Sum("pair embedding", "pairs", "right mask", "all pairs");
        graph.Node("Add", ["words sum", "all pairs sum"], "bag");
        graph.Node("Add", ["bag", "hidden bias"], "linear");
        graph.Node("Sigmoid", ["linear"], "gate");
        graph.Node("Mul", ["linear", "gate"], "active");
        graph.Node("Gemm", ["active", "weight", "bias"], "logits", ("transB", 1));
        graph.Output("logits", OnnxGraph.Float32, -1, 2);
        return graph.ToArray();

        void Sum(string embedding, string ids, string mask, string name)
        {
            graph.Node("Gather", [embedding, ids], name);
            graph.Node("Cast", [mask], $"{name} mask", ("to", OnnxGraph.Float32));
            graph.Node("Unsqueeze", [$"{name} mask", "minus one"], $"{name} weights");
            graph.Node("Mul", [name, $"{name} weights"], $"{name} weighted");
            graph.Node("ReduceSum", [$"{name} weighted", "one"], $"{name} sum", ("keepdims", 0));
        }
    }

    // A head has a row per unit, a lookup one per token.
    private float[] Embedding(ScoreHead head, int units, int first, int count) =>
        [.. from at in Enumerable.Range(first, count) from unit in Enumerable.Range(0, units) select head.HiddenWeight[unit * Width + at]];
}

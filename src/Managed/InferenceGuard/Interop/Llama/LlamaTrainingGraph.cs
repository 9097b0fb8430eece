// The forward graph of a llama network over whole rows of tokens. Nothing between the weights and the loss stops a gradient.

namespace InferenceGuard.Interop.Llama;

/// <summary>
/// Weights, inputs and the forward graph of a llama network. llama.cpp's own training entry (llama_opt_epoch, measured with
/// v0.5) reads keys and values back from the cache, so that attn_k and attn_v get no gradient, leaves the token embedding
/// out, and adds every step's gradient to all earlier ones; hence this graph for ggml's optimiser.
/// </summary>
internal sealed unsafe class LlamaTrainingGraph : IDisposable
{
    /// <summary>Nodes ggml's optimiser makes room for.</summary>
    private const int MaxNodes = 2048;

    private readonly LlamaTrainingShape _shape;
    private readonly SafeGgmlHandle _static;
    private readonly SafeGgmlHandle _compute;
    private readonly SafeGgmlHandle _buffer;
    private readonly Dictionary<string, nint> _weights = new(StringComparer.Ordinal);

    public LlamaTrainingGraph(LlamaTrainingShape shape, nint backend)
    {
        _shape = shape;
        var weights = 3 + 9 * shape.Layers;
        const int Inputs = 4;
        _static = NewContext((nuint)(weights + Inputs) * GgmlNative.TensorOverhead());
        _compute = NewContext(MaxNodes * GgmlNative.TensorOverhead() + 3 * GgmlNative.GraphOverhead(MaxNodes, 1));

        Tokens = New(GgmlType.I32, shape.StepTokens);
        Positions = New(GgmlType.I32, shape.StepTokens);
        Attention = New(GgmlType.F32, shape.RowTokens, shape.RowTokens, 1, shape.Rows);
        Counted = New(GgmlType.F32, 1, shape.StepTokens);
        Logits = Forward();

        _buffer = new SafeGgmlHandle(GgmlNative.BackendAllocCtxTensors(_static.Value, backend), GgmlNative.BackendBufferFree);
        if (_buffer.IsInvalid)
            throw new GuardException(GuardFault.Environment, "There is not enough memory for the weights of the model in training; give a smaller shape.");
    }

    /// <summary>Input: token ids, I32 [rows · row tokens].</summary>
    public nint Tokens { get; }

    /// <summary>Input: positions, I32 [rows · row tokens].</summary>
    public nint Positions { get; }

    /// <summary>Input: 0 where a query (ne1) may see a key (ne0), −∞ elsewhere; F32 [row tokens, row tokens, 1, rows].</summary>
    public nint Attention { get; }

    /// <summary>Input: 1 for tokens whose successor is a target, else 0: those give neither loss nor gradient. F32 [1, rows · row tokens].</summary>
    public nint Counted { get; }

    /// <summary>Output: F32 [V, rows · row tokens].</summary>
    public nint Logits { get; }

    /// <summary>The context that holds the graph's nodes.</summary>
    public nint ComputeContext => _compute.Value;

    /// <summary>Names of the weights, as in a GGUF file.</summary>
    public IEnumerable<string> WeightNames => _weights.Keys;

    /// <summary>The values of a weight, in GGUF order.</summary>
    public Span<float> Weight(string name) => Values<float>(_weights[name]);

    /// <summary>The values of an input or weight.</summary>
    public static Span<T> Values<T>(nint tensor)
        where T : unmanaged => new(GgmlNative.GetData(tensor), checked((int)GgmlNative.NElements(tensor)));

    public void Dispose()
    {
        _buffer.Dispose();
        _compute.Dispose();
        _static.Dispose();
    }

    private nint Forward()
    {
        var c = _compute.Value;
        var embedding = Weight("token_embd", _shape.Width, _shape.VocabularySize);
        var hidden = GgmlNative.GetRows(c, embedding, Tokens);
        for (var layer = 0; layer < _shape.Layers; layer++)
        {
            hidden = GgmlNative.Add(c, hidden, SelfAttention(layer, Norm($"blk.{layer}.attn_norm", hidden)));
            hidden = GgmlNative.Add(c, hidden, FeedForward(layer, Norm($"blk.{layer}.ffn_norm", hidden)));
        }

        // A hidden state of zeros has equal logits and stops its gradient; its label row is zero too, so its loss is 0.
        hidden = GgmlNative.Mul(c, Norm("output_norm", hidden), Counted);
        return GgmlNative.MulMat(c, _shape.TiedOutput ? embedding : Weight("output", _shape.Width, _shape.VocabularySize), hidden);
    }

    private nint SelfAttention(int layer, nint input)
    {
        var c = _compute.Value;
        var (width, heads, row, rows) = (_shape.Width, _shape.Heads, _shape.RowTokens, _shape.Rows);
        var head = width / heads;

        nint Heads(string name) => GgmlNative.Reshape3(c, Project($"blk.{layer}.{name}", input, width, width), head, heads, _shape.StepTokens);
        nint Rotated(nint a) => GgmlNative.Rope(c, a, Positions, 0, head, mode: 0, originalContext: 0, _shape.RopeBase, 1, 0, 1, 0, 0);
        nint ByRow(nint a) => GgmlNative.Reshape4(c, a, head, heads, row, rows);

        var q = GgmlNative.Permute(c, ByRow(Rotated(Heads("attn_q"))), 0, 2, 1, 3);                      // [head, row, heads, rows]
        var k = GgmlNative.Permute(c, ByRow(Rotated(Heads("attn_k"))), 0, 2, 1, 3);                      // [head, row, heads, rows]
        var v = GgmlNative.Cont(c, GgmlNative.Permute(c, ByRow(Heads("attn_v")), 1, 2, 0, 3));           // [row, head, heads, rows]
        var weights = GgmlNative.SoftMax(c, GgmlNative.MulMat(c, k, q), Attention, 1 / MathF.Sqrt(head), 0); // [row, row, heads, rows]
        var mixed = GgmlNative.Permute(c, GgmlNative.MulMat(c, v, weights), 0, 2, 1, 3);                 // [head, heads, row, rows]
        return Project($"blk.{layer}.attn_output", GgmlNative.Reshape2(c, GgmlNative.Cont(c, mixed), width, _shape.StepTokens), width, width);
    }

    private nint FeedForward(int layer, nint input)
    {
        var gate = Project($"blk.{layer}.ffn_gate", input, _shape.Width, _shape.FeedForward);
        var up = Project($"blk.{layer}.ffn_up", input, _shape.Width, _shape.FeedForward);
        return Project($"blk.{layer}.ffn_down", GgmlNative.SwiGlu(_compute.Value, gate, up), _shape.FeedForward, _shape.Width);
    }

    private nint Norm(string name, nint input) =>
        GgmlNative.Mul(_compute.Value, GgmlNative.RmsNorm(_compute.Value, input, _shape.NormEpsilon), Weight(name, _shape.Width));

    private nint Project(string name, nint input, int inputs, int outputs) => GgmlNative.MulMat(_compute.Value, Weight(name, inputs, outputs), input);

    private nint Weight(string name, int inputs, int outputs = 1)
    {
        var tensor = New(GgmlType.F32, inputs, outputs);
        GgmlNative.SetName(tensor, name + ".weight");
        GgmlNative.SetParam(tensor);
        _weights.Add(name + ".weight", tensor);
        return tensor;
    }

    private nint New(GgmlType type, long ne0, long ne1 = 1, long ne2 = 1, long ne3 = 1) => GgmlNative.NewTensor(_static.Value, type, ne0, ne1, ne2, ne3);

    private static SafeGgmlHandle NewContext(nuint sizeBytes) =>
        new(GgmlNative.Init(new GgmlInitParams { MemSize = sizeBytes, NoAlloc = 1 }), GgmlNative.Free);
}

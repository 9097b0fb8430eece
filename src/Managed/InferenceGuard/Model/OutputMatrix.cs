// The matrix that makes logits of hidden states, read from the model's file.

using System.Numerics.Tensors;
using InferenceGuard.Interop.Llama;

namespace InferenceGuard.Model;

/// <summary>The output matrix W of a model, dequantised: o = W h. float32[V, H].</summary>
public sealed class OutputMatrix
{
    // llama.cpp multiplies in the matrix' own format; quantised products differ by about a hundredth of the logits' spread.
    private const float Tolerance = 0.1f;

    private readonly float[] _weights;
    private readonly int _width;

    private OutputMatrix(float[] weights, int width) => (_weights, _width) = (weights, width);

    /// <summary>Reads it: <c>output.weight</c>, or <c>token_embd.weight</c> of a model that has none of its own.</summary>
    /// <param name="info">The model.</param>
    /// <exception cref="GuardException">The file has neither, or in another shape or format; or llama.cpp cannot be loaded.</exception>
    public static OutputMatrix Read(ModelInfo info)
    {
        ArgumentNullException.ThrowIfNull(info);
        var file = GgufFile.Read(info.Path);
        var tensor = file.Tensors.FirstOrDefault(static tensor => tensor.Name == "output.weight") ?? file.Tensors.FirstOrDefault(static tensor => tensor.Name == "token_embd.weight");
        if (tensor is not { Type.IsKnown: true } || !tensor.Shape.SequenceEqual([info.HiddenWidth, info.VocabularySize]))
            throw new GuardException(GuardFault.Usage, $"{info.Path} has no output matrix of {info.HiddenWidth} × {info.VocabularySize} in a format that can be read; re-control needs one, so choose another method for this model.");
        var weights = new float[tensor.ElementCount];
        var bytes = new byte[tensor.SizeBytes];
        using (var stream = File.OpenRead(info.Path))
        {
            stream.Position = file.DataOffsetBytes + tensor.OffsetBytes;
            stream.ReadExactly(bytes);
        }
        LlamaEngine.Current.Load(); // Whoever brings another language model has not loaded llama.cpp, whose formats these are.
        GgmlTypeTraits.ToFloats((int)tensor.Type.Id, bytes, weights);
        return new(weights, info.HiddenWidth);
    }

    /// <summary>Adds W Δh to logits.</summary>
    /// <param name="change">Δh, float32[H].</param>
    /// <param name="logits">float32[V].</param>
    public void Add(ReadOnlySpan<float> change, Span<float> logits)
    {
        for (var token = 0; token < logits.Length; token++)
            logits[token] += TensorPrimitives.Dot(change, _weights.AsSpan(token * _width, _width));
    }

    /// <summary>Complains unless W h is what the model says: some models scale or cap their logits, and others normalise later.</summary>
    /// <param name="hidden">float32[H] of a decode.</param>
    /// <param name="logits">float32[V] of it.</param>
    /// <exception cref="GuardException">It is not.</exception>
    public void Require(ReadOnlySpan<float> hidden, ReadOnlySpan<float> logits)
    {
        var own = new float[logits.Length];
        Add(hidden, own);
        var spread = TensorPrimitives.Max(logits) - TensorPrimitives.Min(logits);
        TensorPrimitives.Subtract(own, logits, own);
        var difference = TensorPrimitives.MaxMagnitude<float>(own);
        if (!(Math.Abs(difference) <= Tolerance * spread))
            throw new GuardException(GuardFault.Usage, $"The model's logits are not its output matrix times its hidden state (they differ by up to {Math.Abs(difference)} of a spread of {spread}); re-control does not fit this architecture, so choose another method.");
    }
}

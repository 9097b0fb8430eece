// A critic's network as an ONNX file.

using System.Runtime.InteropServices;
using System.Text;
using InferenceGuard.Compute;

namespace InferenceGuard.Benchmarks;

/// <summary>
/// Writes "x" float32[beams, inputs] → "y" float32[beams, 2] in the form ONNX Runtime likes best: a fixed number of beams, one Gemm
/// per layer with its weights as constants, which are packed when the session opens, and x · sigmoid(x) as the pair of nodes that it fuses.
/// The numbers are those of <see cref="Field(int, ReadOnlySpan{byte})"/>s in onnx.proto.
/// </summary>
internal static class OnnxNetwork
{
    private const int Variable = 0, Delimited = 2;

    /// <summary>A ModelProto.</summary>
    /// <param name="layers">Hidden layers, then the heads; the standardisation already folded into the first.</param>
    /// <param name="beams">N.</param>
    public static byte[] Write(IReadOnlyList<DenseLayer> layers, int beams)
    {
        using var graph = new MemoryStream();
        var from = "x";
        for (var index = 0; index < layers.Count; index++)
        {
            var (layer, isLast) = (layers[index], index + 1 == layers.Count);
            graph.Write(Field(5, Tensor($"w{index}", layer.Weight, layer.Outputs, layer.Inputs)));
            graph.Write(Field(5, Tensor($"b{index}", layer.Bias, layer.Outputs)));
            var linear = isLast ? "y" : $"linear{index}";
            graph.Write(Node("Gemm", [from, $"w{index}", $"b{index}"], linear, [.. Field(1, "transB"), .. Field(3, 1), .. Field(20, 2)]));
            if (isLast)
                break;
            graph.Write(Node("Sigmoid", [linear], $"gate{index}", []));
            graph.Write(Node("Mul", [linear, $"gate{index}"], from = $"active{index}", []));
        }
        graph.Write([.. Field(2, "critic"), .. Field(11, Value("x", beams, layers[0].Inputs)), .. Field(12, Value("y", beams, layers[^1].Outputs))]);
        return [.. Field(1, 8), .. Field(8, Field(2, 17)), .. Field(7, graph.ToArray())]; // File version 8, operator set 17.
    }

    private static byte[] Node(string type, string[] inputs, string output, byte[] attribute) => Field(1,
        [.. inputs.SelectMany(static input => Field(1, input)), .. Field(2, output), .. Field(4, type), .. attribute.Length > 0 ? Field(5, attribute) : []]);

    private static byte[] Tensor(string name, float[] values, params int[] shape) =>
        [.. shape.SelectMany(static length => Field(1, length)), .. Field(2, 1), .. Field(8, name), .. Field(9, MemoryMarshal.AsBytes(values.AsSpan()))];

    private static byte[] Value(string name, params int[] shape)
    {
        byte[] dimensions = [.. shape.SelectMany(static length => Field(1, Field(1, length)))];
        return [.. Field(1, name), .. Field(2, Field(1, [.. Field(1, 1), .. Field(2, dimensions)]))];
    }

    private static byte[] Field(int number, string text) => Field(number, Encoding.UTF8.GetBytes(text));

    private static byte[] Field(int number, int value) => [.. Number((number << 3) | Variable), .. Number(value)];

    private static byte[] Field(int number, ReadOnlySpan<byte> content) => [.. Number((number << 3) | Delimited), .. Number(content.Length), .. content];

    // Seven bits a byte, the lowest first.
    private static byte[] Number(int value) => value < 128 ? [(byte)value] : [(byte)(value | 128), .. Number(value >> 7)];
}

// A critic's network as an ONNX file.

using InferenceGuard.Compute;
using InferenceGuard.Onnx;

namespace InferenceGuard.Benchmarks;

/// <summary>
/// Writes "x" float32[beams, inputs] → "y" float32[beams, 2] in the form ONNX Runtime likes best: a fixed number of beams, one Gemm
/// per layer with its weights as constants, which are packed when the session opens, and x · sigmoid(x) as the pair of nodes that it fuses.
/// </summary>
internal static class OnnxNetwork
{
    /// <summary>A ModelProto.</summary>
    /// <param name="layers">Hidden layers, then the heads; the standardisation already folded into the first.</param>
    /// <param name="beams">N.</param>
    public static byte[] Write(IReadOnlyList<DenseLayer> layers, int beams)
    {
        var graph = new OnnxGraph();
        var from = "x";
        for (var index = 0; index < layers.Count; index++)
        {
            var (layer, isLast) = (layers[index], index + 1 == layers.Count);
            graph.Constant($"w{index}", layer.Weight.AsSpan(), layer.Outputs, layer.Inputs);
            graph.Constant($"b{index}", layer.Bias.AsSpan(), layer.Outputs);
            var linear = isLast ? "y" : $"linear{index}";
            graph.Node("Gemm", [from, $"w{index}", $"b{index}"], linear, ("transB", 1));
            if (isLast)
                break;
            graph.Node("Sigmoid", [linear], $"gate{index}");
            graph.Node("Mul", [linear, $"gate{index}"], from = $"active{index}");
        }
        graph.Input("x", OnnxGraph.Float32, beams, layers[0].Inputs);
        graph.Output("y", OnnxGraph.Float32, beams, layers[^1].Outputs);
        return graph.ToArray();
    }
}

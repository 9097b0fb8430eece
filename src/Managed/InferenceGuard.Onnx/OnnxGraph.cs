// Writes small networks as ONNX files.

using System.Runtime.InteropServices;

namespace InferenceGuard.Onnx;

/// <summary>
/// A network under construction. The numbers are those of the fields in onnx.proto; an axis of unknown length is −1 and gets a name.
/// </summary>
internal sealed class OnnxGraph
{
    /// <summary>Element types of tensors.</summary>
    public const int Float32 = 1, Int32 = 6, Int64 = 7;

    private const int FileVersion = 8, OperatorSet = 17, WholeNumber = 2;

    private readonly List<byte> _parts = [];

    /// <summary>Adds a constant of floats.</summary>
    public void Constant(string name, ReadOnlySpan<float> values, params int[] shape) => Constant(name, Float32, MemoryMarshal.AsBytes(values), shape);

    /// <summary>Adds a constant of int64.</summary>
    public void Constant(string name, ReadOnlySpan<long> values, params int[] shape) => Constant(name, Int64, MemoryMarshal.AsBytes(values), shape);

    /// <summary>Adds an operation with one output.</summary>
    public void Node(string type, string[] inputs, string output, params (string Name, long Value)[] attributes) => Node(type, inputs, [output], attributes);

    /// <summary>Adds an operation.</summary>
    public void Node(string type, string[] inputs, string[] outputs, params (string Name, long Value)[] attributes) => Add(1,
    [
        .. inputs.SelectMany(static input => ProtobufField.Of(1, input)), .. outputs.SelectMany(static output => ProtobufField.Of(2, output)), .. ProtobufField.Of(4, type),
        .. attributes.SelectMany(static attribute =>
            ProtobufField.Of(5, [.. ProtobufField.Of(1, attribute.Name), .. ProtobufField.Of(3, attribute.Value), .. ProtobufField.Of(20, WholeNumber)])),
    ]);

    /// <summary>Declares an input.</summary>
    public void Input(string name, int type, params int[] shape) => Add(11, Value(name, type, shape));

    /// <summary>Declares an output.</summary>
    public void Output(string name, int type, params int[] shape) => Add(12, Value(name, type, shape));

    /// <summary>The ModelProto.</summary>
    public byte[] ToArray() =>
    [
        .. ProtobufField.Of(1, FileVersion), .. ProtobufField.Of(8, ProtobufField.Of(2, OperatorSet)),
        .. ProtobufField.Of(7, [.. _parts, .. ProtobufField.Of(2, "graph")]),
    ];

    private void Constant(string name, int type, ReadOnlySpan<byte> values, int[] shape) => Add(5,
        [.. shape.SelectMany(static length => ProtobufField.Of(1, length)), .. ProtobufField.Of(2, type), .. ProtobufField.Of(8, name), .. ProtobufField.Of(9, values)]);

    private void Add(int number, byte[] part) => _parts.AddRange(ProtobufField.Of(number, part));

    private static byte[] Value(string name, int type, int[] shape)
    {
        byte[] axes = [.. shape.SelectMany((length, axis) => ProtobufField.Of(1, length < 0 ? ProtobufField.Of(2, $"{name} axis {axis}") : ProtobufField.Of(1, length)))];
        return [.. ProtobufField.Of(1, name), .. ProtobufField.Of(2, ProtobufField.Of(1, [.. ProtobufField.Of(1, type), .. ProtobufField.Of(2, axes)]))];
    }
}

// Makes float32 of the element types that weights are stored in.

using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace InferenceGuard.Storage;

/// <summary>Makes float32 of the little-endian element types that weights are stored in.</summary>
internal static class FloatElements
{
    /// <summary>The types, by name.</summary>
    public const string Types = "F32, F16, BF16 or F64";

    /// <summary>The elements of raw data; null for a type that is not among <see cref="Types"/>.</summary>
    /// <param name="type">The type, as safetensors calls it.</param>
    /// <param name="bytes">A whole number of elements.</param>
    public static float[]? Read(string type, ReadOnlySpan<byte> bytes)
    {
        switch (type)
        {
            case "F32":
                return MemoryMarshal.Cast<byte, float>(bytes).ToArray();
            case "F16":
                var values = new float[bytes.Length / 2];
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes), values);
                return values;
            case "BF16":
                return Map<ushort>(bytes, static bits => BitConverter.UInt32BitsToSingle((uint)bits << 16));
            case "F64":
                return Map<double>(bytes, static value => (float)value);
            default:
                return null;
        }
    }

    private static float[] Map<T>(ReadOnlySpan<byte> bytes, Func<T, float> map)
        where T : unmanaged
    {
        var elements = MemoryMarshal.Cast<byte, T>(bytes);
        var values = new float[elements.Length];
        for (var at = 0; at < values.Length; at++)
            values[at] = map(elements[at]);
        return values;
    }
}

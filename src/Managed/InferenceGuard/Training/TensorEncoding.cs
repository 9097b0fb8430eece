// Float32 rows to and from the element formats this library writes: F32, F16, Q8_0 and Q4_0.

using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using InferenceGuard.Model;

namespace InferenceGuard.Training;

/// <summary>
/// Encodes and decodes tensor rows. Q8_0: blocks of 32, an F16 scale d and 32 signed bytes q, value = d·q.
/// Q4_0: blocks of 32, an F16 scale d and 32 nibbles q, value = d·(q − 8); byte j holds elements j (low) and j + 16 (high).
/// </summary>
public static class TensorEncoding
{
    private const int BlockElements = 32;
    private const int ScaleSizeBytes = 2;

    /// <summary>Refuses formats that are not encoded here.</summary>
    /// <param name="type">The format.</param>
    /// <exception cref="ArgumentException">Another format than F32, F16, Q8_0 and Q4_0.</exception>
    public static void ThrowIfUnsupported(GgufTensorType type)
    {
        if (type != GgufTensorType.F32 && type != GgufTensorType.F16 && type != GgufTensorType.Q8 && type != GgufTensorType.Q4)
            throw new ArgumentException($"{type} is not encoded here; give F32, F16, Q8_0 or Q4_0.", nameof(type));
    }

    /// <summary>Encodes values.</summary>
    /// <param name="type">F32, F16, Q8_0 or Q4_0.</param>
    /// <param name="values">Values, a multiple of the format's block.</param>
    /// <param name="bytes">Receives the blocks; exactly as long as they are.</param>
    /// <exception cref="ArgumentException">Another format, or lengths that do not fit each other.</exception>
    public static void Encode(GgufTensorType type, ReadOnlySpan<float> values, Span<byte> bytes)
    {
        ThrowIfMismatched(type, values.Length, bytes.Length);
        if (type == GgufTensorType.F32)
            MemoryMarshal.AsBytes(values).CopyTo(bytes);
        else if (type == GgufTensorType.F16)
            TensorPrimitives.ConvertToHalf(values, MemoryMarshal.Cast<byte, Half>(bytes));
        else
        {
            for (var block = 0; block < values.Length / BlockElements; block++)
            {
                var from = values.Slice(block * BlockElements, BlockElements);
                var to = bytes.Slice(block * type.BlockSizeBytes, type.BlockSizeBytes);
                if (type == GgufTensorType.Q8)
                    EncodeQ8(from, to);
                else
                    EncodeQ4(from, to);
            }
        }
    }

    /// <summary>Decodes values.</summary>
    /// <param name="type">F32, F16, Q8_0 or Q4_0.</param>
    /// <param name="bytes">Whole blocks.</param>
    /// <param name="values">Receives the values; exactly as many as the blocks hold.</param>
    /// <exception cref="ArgumentException">Another format, or lengths that do not fit each other.</exception>
    public static void Decode(GgufTensorType type, ReadOnlySpan<byte> bytes, Span<float> values)
    {
        ThrowIfMismatched(type, values.Length, bytes.Length);
        if (type == GgufTensorType.F32)
            bytes.CopyTo(MemoryMarshal.AsBytes(values));
        else if (type == GgufTensorType.F16)
            TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes), values);
        else
        {
            for (var block = 0; block < values.Length / BlockElements; block++)
            {
                var from = bytes.Slice(block * type.BlockSizeBytes, type.BlockSizeBytes);
                var to = values.Slice(block * BlockElements, BlockElements);
                if (type == GgufTensorType.Q8)
                    DecodeQ8(from, to);
                else
                    DecodeQ4(from, to);
            }
        }
    }

    private static void EncodeQ8(ReadOnlySpan<float> values, Span<byte> block)
    {
        var scale = MathF.Abs(TensorPrimitives.MaxMagnitude(values)) / sbyte.MaxValue;
        var inverse = scale > 0 ? 1 / scale : 0;
        BinaryPrimitives.WriteHalfLittleEndian(block, (Half)scale);
        var quants = block[ScaleSizeBytes..];
        for (var i = 0; i < BlockElements; i++)
            quants[i] = (byte)(sbyte)MathF.Round(values[i] * inverse);
    }

    private static void DecodeQ8(ReadOnlySpan<byte> block, Span<float> values)
    {
        var scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block);
        for (var i = 0; i < BlockElements; i++)
            values[i] = scale * (sbyte)block[ScaleSizeBytes + i];
    }

    // The value of largest magnitude becomes q = 0, that is −8·d: nibbles reach one step further below zero than above.
    private static void EncodeQ4(ReadOnlySpan<float> values, Span<byte> block)
    {
        var scale = TensorPrimitives.MaxMagnitude(values) / -8;
        var inverse = scale != 0 ? 1 / scale : 0;
        BinaryPrimitives.WriteHalfLittleEndian(block, (Half)scale);
        var quants = block[ScaleSizeBytes..];
        for (var i = 0; i < BlockElements / 2; i++)
        {
            var low = Math.Min(15, (int)(values[i] * inverse + 8.5f));
            var high = Math.Min(15, (int)(values[i + BlockElements / 2] * inverse + 8.5f));
            quants[i] = (byte)(low | high << 4);
        }
    }

    private static void DecodeQ4(ReadOnlySpan<byte> block, Span<float> values)
    {
        var scale = (float)BinaryPrimitives.ReadHalfLittleEndian(block);
        for (var i = 0; i < BlockElements / 2; i++)
        {
            var quants = block[ScaleSizeBytes + i];
            values[i] = scale * ((quants & 15) - 8);
            values[i + BlockElements / 2] = scale * ((quants >> 4) - 8);
        }
    }

    private static void ThrowIfMismatched(GgufTensorType type, int elements, int sizeBytes)
    {
        ThrowIfUnsupported(type);
        if (elements % type.BlockElements != 0 || elements / type.BlockElements * type.BlockSizeBytes != sizeBytes)
            throw new ArgumentException($"{elements} elements of {type} do not fill {sizeBytes} bytes.", nameof(sizeBytes));
    }
}

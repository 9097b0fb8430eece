// The fields that protobuf files are made of.

using System.Buffers.Binary;
using System.Text;

namespace InferenceGuard.Onnx;

/// <summary>Writes fields of protobuf messages: each has a number, by which its reader knows it.</summary>
internal static class ProtobufField
{
    private const int Variable = 0, Delimited = 2, FourBytes = 5;

    /// <summary>A whole number.</summary>
    public static byte[] Of(int number, long value) => [.. Digits((ulong)((number << 3) | Variable)), .. Digits((ulong)value)];

    /// <summary>A number in single precision.</summary>
    public static byte[] Of(int number, float value)
    {
        var bytes = new byte[sizeof(float)];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        return [.. Digits((ulong)((number << 3) | FourBytes)), .. bytes];
    }

    /// <summary>A text.</summary>
    public static byte[] Of(int number, string text) => Of(number, Encoding.UTF8.GetBytes(text));

    /// <summary>Bytes, or a message of fields.</summary>
    public static byte[] Of(int number, ReadOnlySpan<byte> content) =>
        [.. Digits((ulong)((number << 3) | Delimited)), .. Digits((ulong)content.Length), .. content];

    // Seven bits a byte, the lowest first.
    private static byte[] Digits(ulong value) => value < 128 ? [(byte)value] : [(byte)(value | 128), .. Digits(value >> 7)];
}

// Reads the primitives of a GGUF header and never past the end of the file.

using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace InferenceGuard.Model;

/// <summary>A cursor over a GGUF header. Every count is compared with what is left of the file before memory is taken for it.</summary>
internal sealed class GgufReader(Stream stream, string path)
{
    private const int MaxNameBytes = 65_535;

    // By value type of the format: u8 i8 u16 i16 u32 i32 f32 bool string array u64 i64 f64.
    private static readonly int[] s_sizes = [1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8];

    private const uint StringType = 8;
    private const uint ArrayType = 9;

    private readonly long _length = stream.Length;

    /// <summary>Bytes read so far.</summary>
    public long Position { get; private set; }

    /// <summary>Bytes left in the file.</summary>
    public long Remaining => _length - Position;

    /// <summary>An error about this file.</summary>
    /// <param name="what">What is wrong with it.</param>
    public GuardException Broken(string what) =>
        new(GuardFault.Environment, $"{path} is not a usable GGUF file: {what}. Get the file again or give another one.");

    public uint UInt32() => Scalar<uint>();

    public ulong UInt64() => Scalar<ulong>();

    /// <summary>A count of things that take at least <paramref name="leastBytes"/> each.</summary>
    public int Count(string what, int leastBytes)
    {
        var count = UInt64();
        if (count > int.MaxValue || (long)count > Remaining / leastBytes)
            throw Broken($"it announces {count} {what}, more than its {_length} bytes can hold");
        return (int)count;
    }

    /// <summary>A key or tensor name.</summary>
    public string Name()
    {
        var length = Count("bytes in a name", 1);
        return length <= MaxNameBytes ? Text(length) : throw Broken($"a name of {length} bytes");
    }

    /// <summary>A metadata value: a boxed primitive, a string, a primitive array or <see cref="GgufStrings"/>.</summary>
    public object Value(string key)
    {
        var type = UInt32();
        return type switch
        {
            0 => Scalar<byte>(),
            1 => Scalar<sbyte>(),
            2 => Scalar<ushort>(),
            3 => Scalar<short>(),
            4 => Scalar<uint>(),
            5 => Scalar<int>(),
            6 => Scalar<float>(),
            7 => Scalar<byte>() != 0,
            StringType => Text(Count($"bytes in {key}", 1)),
            ArrayType => Array(key),
            10 => Scalar<ulong>(),
            11 => Scalar<long>(),
            12 => Scalar<double>(),
            _ => throw Broken($"key {key} has the unknown value type {type}"),
        };
    }

    private object Array(string key)
    {
        var type = UInt32();
        if (type is ArrayType || type >= s_sizes.Length)
            throw Broken($"key {key} is an array of the unsupported type {type}");
        var count = Count($"entries in {key}", s_sizes[type]);
        return type switch
        {
            0 => Scalars<byte>(count),
            1 => Scalars<sbyte>(count),
            2 => Scalars<ushort>(count),
            3 => Scalars<short>(count),
            4 => Scalars<uint>(count),
            5 => Scalars<int>(count),
            6 => Scalars<float>(count),
            7 => System.Array.ConvertAll(Scalars<byte>(count), b => b != 0),
            StringType => Strings(key, count),
            10 => Scalars<ulong>(count),
            11 => Scalars<long>(count),
            _ => Scalars<double>(count),
        };
    }

    private GgufStrings Strings(string key, int count)
    {
        var bytes = new ArrayBufferWriter<byte>(Math.Max(16, count * 8));
        var ends = new int[count];
        for (var i = 0; i < count; i++)
        {
            var length = Count($"bytes in entry {i} of {key}", 1);
            Fill(bytes.GetSpan(length)[..length]);
            bytes.Advance(length);
            ends[i] = bytes.WrittenCount;
        }

        return new GgufStrings(bytes.WrittenSpan.ToArray(), ends);
    }

    private string Text(int length)
    {
        var bytes = new byte[length];
        Fill(bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    private T Scalar<T>()
        where T : unmanaged
    {
        Span<T> one = stackalloc T[1];
        Read(one);
        return one[0];
    }

    private T[] Scalars<T>(int count)
        where T : unmanaged
    {
        var values = new T[count];
        Read<T>(values);
        return values;
    }

    /// <summary>Reads little-endian values.</summary>
    private void Read<T>(Span<T> values)
        where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(values);
        Fill(bytes);
        if (BitConverter.IsLittleEndian || bytes.Length == values.Length)
            return;
        var size = bytes.Length / values.Length;
        for (var i = 0; i < bytes.Length; i += size)
            bytes.Slice(i, size).Reverse();
    }

    private void Fill(Span<byte> bytes)
    {
        if (bytes.Length > Remaining)
            throw Broken($"it ends after {_length} bytes, inside its header");
        stream.ReadExactly(bytes);
        Position += bytes.Length;
    }
}

// Writes safetensors files, whole or not at all.

using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace InferenceGuard.Storage;

/// <summary>Gathers tensors and writes them as one safetensors file; the file appears only when it is complete.</summary>
public sealed class SafetensorsWriter
{
    private const int AlignmentBytes = 8;

    private readonly List<(string Name, string Type, long[] Shape, byte[] Data)> _tensors = [];

    /// <summary>The strings of <c>__metadata__</c>.</summary>
    public SortedDictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    /// <summary>Adds a tensor; the type follows from the elements: float, <see cref="Half"/> or int.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="values">Its elements, the contiguous dimension last; copied.</param>
    /// <param name="shape">Elements per dimension.</param>
    public void Add<T>(string name, ReadOnlySpan<T> values, params long[] shape)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, shape.Aggregate(1L, static (product, length) => product * length));
        var type = default(T) switch
        {
            float => "F32",
            Half => "F16",
            int => "I32",
            _ => throw new ArgumentException($"Elements of type {typeof(T).Name} have no safetensors type here.", nameof(values)),
        };
        _tensors.Add((name, type, shape, MemoryMarshal.AsBytes(values).ToArray()));
    }

    /// <summary>Writes the file beside its place, then moves it there.</summary>
    /// <param name="path">The file; replaced if it exists.</param>
    /// <exception cref="GuardException">It cannot be written; nothing is left behind.</exception>
    public void Write(string path)
    {
        var partial = path + ".partial";
        try
        {
            using (var stream = File.Create(partial))
            {
                var header = Header();
                Span<byte> length = stackalloc byte[8];
                BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
                stream.Write(length);
                stream.Write(header);
                foreach (var tensor in _tensors)
                    stream.Write(tensor.Data);
                stream.Flush(flushToDisk: true);
            }
            File.Move(partial, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            try
            {
                File.Delete(partial);
            }
            catch (IOException)
            {
                // The first failure is the one to report.
            }
            throw new GuardException(GuardFault.Environment, $"The file '{path}' cannot be written: {e.Message} Free space or choose another place, then run the same command again.", e);
        }
    }

    private byte[] Header()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            foreach (var (key, value) in Metadata)
                json.WriteString(key, value);
            json.WriteEndObject();
            var offset = 0L;
            foreach (var (name, type, shape, data) in _tensors)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", type);
                json.WriteStartArray("shape");
                foreach (var elements in shape)
                    json.WriteNumberValue(elements);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += data.Length);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (buffer.Length % AlignmentBytes != 0)
            buffer.WriteByte((byte)' '); // Data begin aligned, as the format asks for.
        return buffer.ToArray();
    }
}

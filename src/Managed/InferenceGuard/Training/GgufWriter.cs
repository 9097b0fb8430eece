// Writes GGUF files: metadata, a tensor table and tensor data that are made row by row while they are written.

using System.Buffers;
using System.Text;
using InferenceGuard.Model;

namespace InferenceGuard.Training;

/// <summary>
/// Collects the metadata and tensors of a GGUF file (version 3, little-endian), then writes it. Tensor data are asked for
/// row by row, so a file may be larger than memory. Layout as <see cref="GgufFile"/> reads it.
/// </summary>
public sealed class GgufWriter
{
    private const uint Magic = 0x46554747; // "GGUF", little-endian
    private const uint Version = 3;
    private const int AlignmentBytes = 32;
    private const int BufferSizeBytes = 1 << 20;

    private readonly Dictionary<string, object> _metadata = new(StringComparer.Ordinal);
    private readonly List<Tensor> _tensors = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <summary>Fills one row of a tensor.</summary>
    /// <param name="row">Index of the row: over all dimensions but the contiguous one.</param>
    /// <param name="values">Where the row's values go, as many as the contiguous dimension has elements.</param>
    public delegate void RowSource(long row, Span<float> values);

    /// <summary>Sets a key; a later value replaces an earlier one.</summary>
    /// <param name="key">Such as <c>llama.block_count</c>.</param>
    /// <param name="value">A boxed primitive, a string, an array of either, or <see cref="GgufStrings"/>.</param>
    /// <exception cref="ArgumentException">The format has no such value type.</exception>
    public GgufWriter Set(string key, object value)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        ArgumentNullException.ThrowIfNull(value);
        GgufValue.ThrowIfUnsupported(key, value);
        _metadata[key] = value;
        return this;
    }

    /// <summary>Sets every key of another file.</summary>
    /// <param name="metadata">Such as <see cref="GgufFile.Metadata"/>.</param>
    public GgufWriter Set(IEnumerable<KeyValuePair<string, object>> metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        foreach (var (key, value) in metadata)
            Set(key, value);
        return this;
    }

    /// <summary>Adds a tensor.</summary>
    /// <param name="name">Such as <c>blk.0.attn_q.weight</c>.</param>
    /// <param name="shape">Elements per dimension, the contiguous one first; 1 to 4 dimensions.</param>
    /// <param name="type">Element format; one that <see cref="TensorEncoding"/> encodes.</param>
    /// <param name="rows">Gives the values when the file is written, row after row.</param>
    /// <exception cref="ArgumentException">The shape does not fit the format, the format cannot be encoded, or the name is taken.</exception>
    public GgufWriter Add(string name, IReadOnlyList<long> shape, GgufTensorType type, RowSource rows)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(rows);
        if (shape.Count is 0 or > 4 || shape.Any(static extent => extent < 1))
            throw new ArgumentException($"The shape [{string.Join(", ", shape)}] of {name} has no elements or more than 4 dimensions.", nameof(shape));
        TensorEncoding.ThrowIfUnsupported(type);
        if (shape[0] % type.BlockElements != 0)
            throw new ArgumentException($"Rows of {shape[0]} elements of {name} are no multiple of {type.BlockElements}, as {type} needs.", nameof(shape));
        if (!_names.Add(name))
            throw new ArgumentException($"There is a tensor {name} already.", nameof(name));
        _tensors.Add(new Tensor(name, [.. shape], type, rows));
        return this;
    }

    /// <summary>Writes the file. It appears under its name only when complete; an older one is replaced.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellation">Honoured between rows; the unfinished file is removed.</param>
    /// <exception cref="GuardException">The file cannot be written.</exception>
    public void Save(string path, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var partial = path + ".partial";
        try
        {
            using (var stream = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None, BufferSizeBytes))
                Write(stream, cancellation);
            File.Move(partial, path, overwrite: true);
        }
        catch (Exception e)
        {
            if (File.Exists(partial))
                File.Delete(partial);
            if (e is IOException or UnauthorizedAccessException)
                throw new GuardException(GuardFault.Environment, $"The model file '{path}' cannot be written: {e.Message}. Give a path in a folder with room that can be written.", e);
            throw;
        }
    }

    private void Write(Stream stream, CancellationToken cancellation)
    {
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        writer.Write(Magic);
        writer.Write(Version);
        writer.Write((ulong)_tensors.Count);
        writer.Write((ulong)_metadata.Count);
        foreach (var (key, value) in _metadata)
        {
            GgufValue.WriteText(writer, Encoding.UTF8.GetBytes(key));
            GgufValue.Write(writer, value);
        }

        var offset = 0L;
        foreach (var tensor in _tensors)
        {
            GgufValue.WriteText(writer, Encoding.UTF8.GetBytes(tensor.Name));
            writer.Write((uint)tensor.Shape.Length);
            foreach (var extent in tensor.Shape)
                writer.Write((ulong)extent);
            writer.Write(tensor.Type.Id);
            writer.Write((ulong)offset);
            offset += Padded(tensor.SizeBytes);
        }

        WritePadding(writer);
        foreach (var tensor in _tensors)
        {
            WriteRows(writer, tensor, cancellation);
            WritePadding(writer);
        }
    }

    private static void WriteRows(BinaryWriter writer, Tensor tensor, CancellationToken cancellation)
    {
        var values = ArrayPool<float>.Shared.Rent((int)tensor.Shape[0]);
        var bytes = ArrayPool<byte>.Shared.Rent(tensor.RowSizeBytes);
        try
        {
            for (var row = 0L; row < tensor.RowCount; row++)
            {
                cancellation.ThrowIfCancellationRequested();
                var rowValues = values.AsSpan(0, (int)tensor.Shape[0]);
                var rowBytes = bytes.AsSpan(0, tensor.RowSizeBytes);
                tensor.Rows(row, rowValues);
                TensorEncoding.Encode(tensor.Type, rowValues, rowBytes);
                writer.Write(rowBytes);
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(values);
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private static void WritePadding(BinaryWriter writer)
    {
        writer.Flush();
        for (var position = writer.BaseStream.Position; position < Padded(writer.BaseStream.Position); position++)
            writer.Write((byte)0);
        writer.Flush();
    }

    private static long Padded(long length) => (length + AlignmentBytes - 1) / AlignmentBytes * AlignmentBytes;

    private sealed record Tensor(string Name, long[] Shape, GgufTensorType Type, RowSource Rows)
    {
        public long RowCount => Shape.Skip(1).Aggregate(1L, static (product, extent) => checked(product * extent));

        public int RowSizeBytes => checked((int)(Shape[0] / Type.BlockElements * Type.BlockSizeBytes));

        public long SizeBytes => RowCount * RowSizeBytes;
    }
}

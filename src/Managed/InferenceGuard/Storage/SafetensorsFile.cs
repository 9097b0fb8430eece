// Reads safetensors files: an 8-byte header length, a JSON header, and raw little-endian data.

using System.Buffers.Binary;
using System.Text.Json;

namespace InferenceGuard.Storage;

/// <summary>
/// The header of a safetensors file, and its data on demand. Layout: 1. uint64 length of the header; 2. the header, a JSON object
/// of tensors with <c>dtype</c>, <c>shape</c> and <c>data_offsets</c>, and <c>__metadata__</c>, strings by key; 3. the data.
/// Nothing in the file is trusted: lengths and offsets are checked before they are used.
/// </summary>
public sealed class SafetensorsFile
{
    private const string MetadataKey = "__metadata__";
    private const int MaxHeaderBytes = 100_000_000;

    private static readonly Dictionary<string, int> s_elementBytes = new()
    {
        ["BOOL"] = 1, ["U8"] = 1, ["I8"] = 1, ["F8_E4M3"] = 1, ["F8_E5M2"] = 1, ["I16"] = 2, ["U16"] = 2, ["F16"] = 2, ["BF16"] = 2,
        ["I32"] = 4, ["U32"] = 4, ["F32"] = 4, ["I64"] = 8, ["U64"] = 8, ["F64"] = 8,
    };

    private readonly Dictionary<string, SafetensorsTensor> _tensors;

    private SafetensorsFile(string path, Dictionary<string, string> metadata, Dictionary<string, SafetensorsTensor> tensors) =>
        (Path, Metadata, _tensors) = (path, metadata, tensors);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The strings of <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>All tensors by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsTensor> Tensors => _tensors;

    /// <summary>Reads the header of a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="GuardException">The file is missing, truncated or no safetensors file.</exception>
    public static SafetensorsFile Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            using var stream = File.OpenRead(path);
            Span<byte> prefix = stackalloc byte[8];
            if (stream.ReadAtLeast(prefix, 8, throwOnEndOfStream: false) < 8)
                throw Malformed(path, $"it has {stream.Length} bytes, fewer than the 8 of the header's length");
            var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
            if (length > MaxHeaderBytes || (long)length > stream.Length - 8)
                throw Malformed(path, $"its header should have {length} bytes, but {stream.Length - 8} follow");
            var header = new byte[length];
            stream.ReadExactly(header);
            return Parse(path, header, 8 + (long)length, stream.Length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new GuardException(GuardFault.Environment, $"The file '{path}' cannot be read: {e.Message}", e);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException or IndexOutOfRangeException or OverflowException)
        {
            throw Malformed(path, $"its header is not the JSON of a safetensors file ({e.Message})", e);
        }
    }

    /// <summary>Reads a whole tensor of type F32, F16, BF16 or F64 as float32.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="shape">The shape it must have.</param>
    /// <exception cref="GuardException">The tensor is missing, of another type or shape.</exception>
    public float[] ReadFloats(string name, params ReadOnlySpan<long> shape)
    {
        var tensor = Require(name, shape);
        if (tensor.SizeBytes > Array.MaxLength)
            throw Malformed(Path, $"tensor {name} has {tensor.SizeBytes} bytes, too many to read at once");
        var bytes = new byte[tensor.SizeBytes];
        ReadRaw(tensor, bytes);
        return FloatElements.Read(tensor.Type, bytes) ?? throw Malformed(Path, $"tensor {name} is of type {tensor.Type}, expected {FloatElements.Types}");
    }

    /// <summary>Reads the raw bytes of a tensor.</summary>
    /// <param name="tensor">A tensor of this file.</param>
    /// <param name="bytes">Receives them; of the tensor's size.</param>
    /// <exception cref="GuardException">The file cannot be read any more.</exception>
    public void ReadRaw(SafetensorsTensor tensor, Span<byte> bytes)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, tensor.SizeBytes);
        try
        {
            using var stream = File.OpenRead(Path);
            stream.Position = tensor.OffsetBytes;
            stream.ReadExactly(bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GuardException(GuardFault.Environment, $"The file '{Path}' cannot be read: {e.Message}", e);
        }
    }

    /// <summary>A tensor that must be there with a shape.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="shape">The shape it must have; a negative length stands for any.</param>
    /// <exception cref="GuardException">It is missing, or has another shape.</exception>
    public SafetensorsTensor Require(string name, params ReadOnlySpan<long> shape)
    {
        if (!_tensors.TryGetValue(name, out var tensor))
            throw Malformed(Path, $"it has no tensor {name}");
        var fits = tensor.Shape.Count == shape.Length;
        for (var dimension = 0; fits && dimension < shape.Length; dimension++)
            fits = shape[dimension] < 0 || tensor.Shape[dimension] == shape[dimension];
        return fits ? tensor : throw Malformed(Path, $"tensor {name} has the shape [{string.Join(", ", tensor.Shape)}], expected [{string.Join(", ", shape.ToArray())}]");
    }

    /// <summary>The error of a file whose content is wrong.</summary>
    internal static GuardException Malformed(string path, string what, Exception? inner = null) =>
        new(GuardFault.Environment, $"The file '{path}' is unusable: {what}. It may be truncated or of another kind; make it again.", inner);

    private static SafetensorsFile Parse(string path, byte[] header, long dataOffset, long fileBytes)
    {
        using var json = JsonDocument.Parse(header);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var tensors = new Dictionary<string, SafetensorsTensor>(StringComparer.Ordinal);
        foreach (var entry in json.RootElement.EnumerateObject())
        {
            if (entry.NameEquals(MetadataKey))
            {
                foreach (var pair in entry.Value.EnumerateObject())
                    metadata[pair.Name] = pair.Value.GetString()!;
                continue;
            }
            var tensor = Tensor(entry, dataOffset);
            if (!s_elementBytes.TryGetValue(tensor.Type, out var elementBytes))
                throw Malformed(path, $"tensor {tensor.Name} has the unknown type {tensor.Type}");
            if (tensor.OffsetBytes < dataOffset || tensor.SizeBytes < 0 || tensor.OffsetBytes > fileBytes - tensor.SizeBytes)
                throw Malformed(path, $"tensor {tensor.Name} reaches beyond the end of the file");
            if (tensor.Shape.Any(static length => length < 0) || (Int128)tensor.ElementCount * elementBytes != tensor.SizeBytes)
                throw Malformed(path, $"tensor {tensor.Name} of shape [{string.Join(", ", tensor.Shape)}] and type {tensor.Type} has {tensor.SizeBytes} bytes of data");
            tensors[tensor.Name] = tensor;
        }
        return new(path, metadata, tensors);
    }

    private static SafetensorsTensor Tensor(JsonProperty entry, long dataOffset)
    {
        var offsets = entry.Value.GetProperty("data_offsets");
        var (begin, end) = (offsets[0].GetInt64(), offsets[1].GetInt64());
        var shape = entry.Value.GetProperty("shape").EnumerateArray().Select(static length => length.GetInt64()).ToArray();
        return new(entry.Name, entry.Value.GetProperty("dtype").GetString() ?? "null", shape, dataOffset + begin, end - begin);
    }
}

// The header of a GGUF file: metadata and tensor table, read without trusting any of it.

using System.Globalization;

namespace InferenceGuard.Model;

/// <summary>
/// The header of a GGUF file (versions 2 and 3). Layout: magic, version, tensor count, key count; keys with values; tensor
/// names with shape, type and offset; padding; data. Nothing is executed and no tensor data are read.
/// </summary>
public sealed class GgufFile
{
    private const uint Magic = 0x46554747; // "GGUF", little-endian
    private const int MaxDimensions = 4;
    private const int MaxTensorNameBytes = 63;
    private const int DefaultAlignmentBytes = 32;

    private readonly Dictionary<string, object> _metadata;

    private GgufFile(string path, uint version, long sizeBytes, Dictionary<string, object> metadata, List<GgufTensor> tensors, long dataOffset)
    {
        Path = path;
        Version = version;
        FileSizeBytes = sizeBytes;
        _metadata = metadata;
        Tensors = tensors;
        DataOffsetBytes = dataOffset;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Version of the container format.</summary>
    public uint Version { get; }

    /// <summary>Size of the file.</summary>
    public long FileSizeBytes { get; }

    /// <summary>Metadata: boxed primitives, strings, primitive arrays and <see cref="GgufStrings"/>, by key.</summary>
    public IReadOnlyDictionary<string, object> Metadata => _metadata;

    /// <summary>The tensor table, in file order.</summary>
    public IReadOnlyList<GgufTensor> Tensors { get; }

    /// <summary>Where tensor data begin in the file.</summary>
    public long DataOffsetBytes { get; }

    /// <summary>The architecture, such as <c>llama</c>; null where absent.</summary>
    public string? Architecture => Text("general.architecture");

    /// <summary>Reads the header of a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="GuardException">The file is missing, unreadable, truncated, of another format or inconsistent.</exception>
    public static GgufFile Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16);
            return Read(path, stream);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            var reason = Directory.Exists(path) ? "it is a directory" : e is FileNotFoundException or DirectoryNotFoundException ? "it does not exist" : e.Message;
            throw new GuardException(GuardFault.Environment, $"The model file '{path}' cannot be read: {reason}. Give the path of a GGUF file.", e);
        }
    }

    /// <summary>A string value; null where absent or of another type.</summary>
    /// <param name="key">The key.</param>
    public string? Text(string key) => _metadata.GetValueOrDefault(key) as string;

    /// <summary>An integer value of any width; null where absent or of another type.</summary>
    /// <param name="key">The key.</param>
    public long? WholeNumber(string key) => _metadata.GetValueOrDefault(key) switch
    {
        ulong value => value <= long.MaxValue ? (long)value : null,
        byte or sbyte or ushort or short or uint or int or long => Convert.ToInt64(_metadata[key], CultureInfo.InvariantCulture),
        _ => null,
    };

    /// <summary>A string array; null where absent or of another type.</summary>
    /// <param name="key">The key.</param>
    public GgufStrings? Strings(string key) => _metadata.GetValueOrDefault(key) as GgufStrings;

    private static GgufFile Read(string path, FileStream stream)
    {
        var reader = new GgufReader(stream, path);
        if (reader.Remaining < 4 || reader.UInt32() != Magic)
            throw reader.Broken("it does not begin with 'GGUF'");
        var version = reader.UInt32();
        if (version is < 2 or > 3)
            throw reader.Broken((version & 0xFFFF) == 0 ? "it is big-endian" : $"its format version is {version}, expected 2 or 3");

        var tensorCount = reader.Count("tensors", 28);
        var keyCount = reader.Count("keys", 13);
        var metadata = new Dictionary<string, object>(keyCount, StringComparer.Ordinal);
        for (var i = 0; i < keyCount; i++)
        {
            var key = reader.Name();
            if (!metadata.TryAdd(key, reader.Value(key)))
                throw reader.Broken($"key {key} occurs twice");
        }

        var tensors = new List<GgufTensor>(tensorCount);
        var names = new HashSet<string>(tensorCount, StringComparer.Ordinal);
        for (var i = 0; i < tensorCount; i++)
        {
            var tensor = Tensor(reader);
            if (!names.Add(tensor.Name))
                throw reader.Broken($"tensor {tensor.Name} occurs twice");
            tensors.Add(tensor);
        }

        var alignment = metadata.TryGetValue("general.alignment", out var value) ? value as uint? ?? 0 : DefaultAlignmentBytes;
        if (alignment == 0 || !uint.IsPow2(alignment))
            throw reader.Broken($"general.alignment is {value}, expected a power of two");
        var dataOffset = (reader.Position + alignment - 1) / alignment * alignment;
        foreach (var tensor in tensors)
        {
            if (tensor.OffsetBytes > stream.Length - dataOffset - tensor.SizeBytes)
                throw reader.Broken($"the data of tensor {tensor.Name} end beyond the file's {stream.Length} bytes; it is truncated");
        }

        return new GgufFile(path, version, stream.Length, metadata, tensors, dataOffset);
    }

    private static GgufTensor Tensor(GgufReader reader)
    {
        var name = reader.Name();
        if (name.Length > MaxTensorNameBytes)
            throw reader.Broken($"a tensor name of {name.Length} characters, expected at most {MaxTensorNameBytes}");
        var dimensions = reader.UInt32();
        if (dimensions is 0 or > MaxDimensions)
            throw reader.Broken($"tensor {name} has {dimensions} dimensions, expected 1 to {MaxDimensions}");

        var shape = new long[dimensions];
        UInt128 elements = 1;
        for (var d = 0; d < shape.Length; d++)
        {
            var extent = reader.UInt64();
            elements *= extent;
            if (extent is 0 or > long.MaxValue || elements > long.MaxValue / 1024)
                throw reader.Broken($"tensor {name} has an impossible shape");
            shape[d] = (long)extent;
        }

        var type = new GgufTensorType(reader.UInt32());
        if (shape[0] % type.BlockElements != 0)
            throw reader.Broken($"tensor {name} has rows of {shape[0]} elements, not a multiple of {type.BlockElements} as {type} needs");
        var offset = reader.UInt64();
        if (offset > long.MaxValue)
            throw reader.Broken($"tensor {name} has an impossible offset");
        var count = (long)elements;
        return new GgufTensor(name, shape, type, (long)offset, count, count / type.BlockElements * type.BlockSizeBytes);
    }
}

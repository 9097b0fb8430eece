// Reads PyTorch's files of tensors without running what they ask for.

using System.IO.Compression;

namespace InferenceGuard.Storage;

/// <summary>
/// The tensors of a file that <c>torch.save</c> wrote: an uncompressed zip archive with <c>data.pkl</c>, a pickle that names each tensor and its place, and one entry of raw
/// data per storage. Nothing in the file is trusted or run; data are read on demand, and only those of the tensor asked for.
/// </summary>
internal sealed class TorchFile
{
    // Names and places of the tensors of a large model take some 100 KB.
    private const int MaxPickleBytes = 8 << 20;

    private const int MaxDimensions = 16;
    private const long MaxElements = 1 << 24;

    private static readonly Dictionary<string, (string Type, int Bytes)> s_storages = new()
    {
        ["FloatStorage"] = ("F32", 4), ["HalfStorage"] = ("F16", 2), ["BFloat16Storage"] = ("BF16", 2), ["DoubleStorage"] = ("F64", 8), ["LongStorage"] = ("I64", 8),
        ["IntStorage"] = ("I32", 4), ["ShortStorage"] = ("I16", 2), ["CharStorage"] = ("I8", 1), ["ByteStorage"] = ("U8", 1), ["BoolStorage"] = ("BOOL", 1),
    };

    private readonly string _path;
    private readonly string _folder; // The archive's one folder, with its slash.
    private readonly Dictionary<string, PickleGlobal> _globals;

    private TorchFile(string path, string folder)
    {
        (_path, _folder) = (path, folder);
        _globals = s_storages.Keys.SelectMany(static name => new[] { new PickleGlobal("torch." + name), new("torch.storage." + name) })
            .Append(new("collections.OrderedDict", arguments => arguments.Length == 0 ? new Dictionary<string, object?>() : throw Malformed("its pickle fills a dictionary in an unknown way")))
            .Append(new("torch._utils._rebuild_tensor_v2", Rebuild))
            .Append(new("torch._utils._rebuild_parameter", arguments => arguments is [TorchTensor tensor, ..] ? tensor : throw Malformed("its pickle has a parameter that is no tensor")))
            .ToDictionary(static known => known.Name);
    }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, TorchTensor> Tensors { get; private set; } = new Dictionary<string, TorchTensor>();

    /// <summary>Reads names and places of all tensors.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="GuardException">It is missing, malformed, of the format before PyTorch 1.6, or names something that is no tensor.</exception>
    public static TorchFile Read(string path) => Within(path, archive =>
    {
        var pickles = archive.Entries.Where(static entry => entry.FullName.EndsWith("/data.pkl", StringComparison.Ordinal)).ToArray();
        if (pickles is not [var pickle] || pickle.FullName.Count(static letter => letter == '/') != 1)
            throw SafetensorsFile.Malformed(path, $"it is a zip archive with {pickles.Length} entries called data.pkl, expected one in its one folder");
        var file = new TorchFile(path, pickle.FullName[..^"data.pkl".Length]);
        if (archive.GetEntry(file._folder + "byteorder") is { } order && file.Bytes(order, 0, (int)Math.Min(order.Length, 16)).AsSpan().SequenceEqual("big"u8))
            throw SafetensorsFile.Malformed(path, "its data are big-endian");
        if (pickle.Length > MaxPickleBytes)
            throw SafetensorsFile.Malformed(path, $"its data.pkl has {pickle.Length} bytes, expected at most {MaxPickleBytes}");
        var root = PickleReader.Read(path, file.Bytes(pickle, 0, (int)pickle.Length), file._globals, file.Storage) as Dictionary<string, object?>
            ?? throw SafetensorsFile.Malformed(path, "its pickle is no dictionary of tensors");
        file.Tensors = root.Where(static entry => entry.Value is TorchTensor).ToDictionary(static entry => entry.Key, static entry => (TorchTensor)entry.Value!);
        return file;
    });

    /// <summary>Reads a tensor as float32.</summary>
    /// <param name="name">One of <see cref="Tensors"/>.</param>
    /// <exception cref="GuardException">It is of another type, too large, or its data are not there.</exception>
    public float[] ReadFloats(string name)
    {
        var tensor = Tensors[name];
        var size = s_storages.Values.First(known => known.Type == tensor.Storage.Type).Bytes;
        if (tensor.Span > MaxElements)
            throw Malformed($"tensor {name} spans {tensor.Span} numbers, more than any score head");
        var bytes = Within(_path, archive =>
        {
            var entry = archive.GetEntry(_folder + "data/" + tensor.Storage.Key) ?? throw Malformed($"it lacks the data of tensor {name}");
            if (entry.Length < (Int128)tensor.Storage.ElementCount * size)
                throw Malformed($"the data of tensor {name} have {entry.Length} bytes, fewer than their {tensor.Storage.ElementCount} numbers need");
            return Bytes(entry, tensor.Offset * size, (int)tensor.Span * size);
        });
        return tensor.Gather(FloatElements.Read(tensor.Storage.Type, bytes) ?? throw Malformed($"tensor {name} is of type {tensor.Storage.Type}, expected {FloatElements.Types}"));
    }

    private static T Within<T>(string path, Func<ZipArchive, T> read)
    {
        try
        {
            using var stream = File.OpenRead(path);
            Span<byte> begin = stackalloc byte[4];
            if (stream.ReadAtLeast(begin, 4, throwOnEndOfStream: false) < 4 || !begin.SequenceEqual("PK\x03\x04"u8))
                throw new GuardException(GuardFault.Environment,
                    $"The file '{path}' is no zip archive, as PyTorch has written since 1.6: it may be of the older format, or not downloaded. Save the model again with safetensors, or with torch.save of a newer PyTorch.");
            stream.Position = 0;
            using var archive = new ZipArchive(stream, ZipArchiveMode.Read);
            return read(archive);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or NotSupportedException or ArgumentException or OverflowException)
        {
            throw SafetensorsFile.Malformed(path, $"it is no intact zip archive ({e.Message.TrimEnd('.')})", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GuardException(GuardFault.Environment, $"The file '{path}' cannot be read: {e.Message}", e);
        }
    }

    // A compressed entry could be larger than any disk; torch.save compresses nothing.
    private byte[] Bytes(ZipArchiveEntry entry, long offset, int count)
    {
        if (entry.CompressedLength != entry.Length || entry.Length > new FileInfo(_path).Length)
            throw Malformed($"its entry {entry.FullName} is compressed, or longer than the file");
        using var stream = entry.Open();
        var buffer = new byte[Math.Clamp(offset, 0, 1 << 16)];
        while (offset > 0)
        {
            var skipped = (int)Math.Min(offset, buffer.Length);
            stream.ReadExactly(buffer, 0, skipped);
            offset -= skipped;
        }
        var bytes = new byte[count];
        stream.ReadExactly(bytes);
        return bytes;
    }

    // ("storage", class, key, device, elements).
    private TorchStorage Storage(object? identity) =>
        identity is object?[] and ["storage", PickleGlobal { Call: null, Name: var name }, string key, string, long and >= 0 and var count, ..]
            ? new(key, s_storages[name[(name.LastIndexOf('.') + 1)..]].Type, count)
            : throw Malformed("its pickle refers to something that is no storage of numbers");

    // (storage, offset, shape, strides, requires_grad, hooks).
    private TorchTensor Rebuild(object?[] arguments)
    {
        if (arguments is not [TorchStorage storage, long and >= 0 and var offset, object?[] { Length: <= MaxDimensions } lengths, object?[] steps, _, _, ..] || lengths.Length != steps.Length)
            throw Malformed("its pickle builds a tensor of something else than a storage, an offset, a shape and strides");
        var (shape, strides) = (lengths.Select(Whole).ToArray(), steps.Select(Whole).ToArray());
        // Both stop at what no storage has, so that no product can overflow.
        var (count, last) = ((Int128)1, (Int128)offset);
        foreach (var (length, stride) in shape.Zip(strides))
            (count, last) = (Int128.Min(count * length, long.MaxValue), Int128.Min(last + Int128.Max(length - 1, 0) * stride, long.MaxValue));
        // Nor may an element be there twice: a few bytes would make a tensor of any size.
        return count <= storage.ElementCount && (count == 0 || last < storage.ElementCount)
            ? new(storage, offset, shape, strides)
            : throw Malformed($"a tensor of shape [{string.Join(", ", shape)}] reaches beyond its storage of {storage.ElementCount} numbers");

        long Whole(object? value) => value is long and >= 0 and var whole ? whole : throw Malformed("its pickle has a shape that is no list of lengths");
    }

    private GuardException Malformed(string what) => SafetensorsFile.Malformed(_path, what);
}

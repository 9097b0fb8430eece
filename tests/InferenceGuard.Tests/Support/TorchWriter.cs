// Writes PyTorch files: a pickle put together opcode by opcode, and the archive around it.

using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;

namespace InferenceGuard.Tests.Support;

/// <summary>Writes PyTorch files as <c>torch.save</c> does, and such as it never would.</summary>
internal sealed class TorchWriter
{
    private readonly List<byte> _pickle = [0x80, 2];
    private readonly List<(string Key, byte[] Data)> _storages = [];

    /// <summary>Opcodes as they are.</summary>
    public TorchWriter Add(params byte[] opcodes)
    {
        _pickle.AddRange(opcodes);
        return this;
    }

    /// <summary>A text.</summary>
    public TorchWriter Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return Add((byte)'X').Length(bytes.Length).Add(bytes);
    }

    /// <summary>A function or class.</summary>
    public TorchWriter Global(string module, string name) => Add([(byte)'c', .. Encoding.UTF8.GetBytes($"{module}\n{name}\n")]);

    /// <summary>A whole number.</summary>
    public TorchWriter Number(long value) => Add((byte)0x8A, 8).Add(BitConverter.GetBytes(value));

    /// <summary>A tuple of whole numbers.</summary>
    public TorchWriter Tuple(params long[] values)
    {
        Add((byte)'(');
        foreach (var value in values)
            Number(value);
        return Add((byte)'t');
    }

    /// <summary>A tensor with a storage of its own that holds it contiguously.</summary>
    public TorchWriter Tensor(string name, string storage, byte[] data, int elementBytes, params long[] shape)
    {
        var strides = new long[shape.Length];
        for (var (at, stride) = (shape.Length - 1, 1L); at >= 0; stride *= shape[at--])
            strides[at] = stride;
        return Tensor(name, storage, data, elementBytes, 0, shape, strides);
    }

    /// <summary>A tensor as any view of a storage of its own.</summary>
    public TorchWriter Tensor(string name, string storage, byte[] data, int elementBytes, long offset, long[] shape, long[] strides)
    {
        var key = _storages.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
        _storages.Add((key, data));
        Text(name).Global("torch._utils", "_rebuild_tensor_v2").Add((byte)'(', (byte)'(').Text("storage").Global("torch", storage).Text(key).Text("cpu").Number(data.Length / elementBytes)
            .Add((byte)'t', (byte)'Q').Number(offset).Tuple(shape).Tuple(strides).Add(0x89).Global("collections", "OrderedDict");
        return Add((byte)')', (byte)'R', (byte)'t', (byte)'R', (byte)'s');
    }

    /// <summary>A tensor of float32.</summary>
    public TorchWriter Floats(string name, float[] values, params long[] shape) => Tensor(name, "FloatStorage", MemoryMarshal.AsBytes(values.AsSpan()).ToArray(), sizeof(float), shape);

    /// <summary>Writes the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="order">What it says of its byte order; null = nothing.</param>
    /// <param name="compression">How its entries are compressed.</param>
    public string Write(string path, string? order = null, CompressionLevel compression = CompressionLevel.NoCompression)
    {
        using var archive = new ZipArchive(File.Create(path), ZipArchiveMode.Create);
        Put("data.pkl", [.. _pickle, (byte)'.']);
        if (order is not null)
            Put("byteorder", Encoding.UTF8.GetBytes(order));
        foreach (var (key, data) in _storages)
            Put("data/" + key, data);
        return path;

        void Put(string name, byte[] data)
        {
            using var entry = archive.CreateEntry("archive/" + name, compression).Open();
            entry.Write(data);
        }
    }

    private TorchWriter Length(int length)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, length);
        return Add(bytes);
    }
}

// Writes GGUF files for tests, broken ones included: nothing it is given is checked.

using System.Text;

namespace InferenceGuard.Tests.Support;

/// <summary>A GGUF file as lists of keys and tensors that a test can bend before writing.</summary>
public sealed class GgufBuilder
{
    private const int AlignmentBytes = 32;

    public uint Magic { get; set; } = 0x46554747;

    public uint Version { get; set; } = 3;

    /// <summary>Announced counts; null = the true ones.</summary>
    public ulong? TensorCount { get; set; }

    public ulong? KeyCount { get; set; }

    /// <summary>Values: uint, int, float, bool, string, string[], float[], int[].</summary>
    public List<KeyValuePair<string, object>> Keys { get; } = [];

    public List<GgufBuilderTensor> Tensors { get; } = [];

    public GgufBuilder Set(string key, object value)
    {
        Keys.RemoveAll(k => k.Key == key);
        Keys.Add(new(key, value));
        return this;
    }

    public GgufBuilder Remove(string key)
    {
        Keys.RemoveAll(k => k.Key == key);
        return this;
    }

    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(Magic);
        writer.Write(Version);
        writer.Write(TensorCount ?? (ulong)Tensors.Count);
        writer.Write(KeyCount ?? (ulong)Keys.Count);
        foreach (var (key, value) in Keys)
        {
            WriteText(writer, key);
            WriteValue(writer, value);
        }

        var offset = 0UL;
        foreach (var tensor in Tensors)
        {
            WriteText(writer, tensor.Name);
            writer.Write((uint)tensor.Shape.Length);
            foreach (var extent in tensor.Shape)
                writer.Write(extent);
            writer.Write(tensor.Type);
            writer.Write(tensor.OffsetBytes ?? offset);
            offset += (ulong)Padded(tensor.Values.Length * sizeof(float));
        }

        foreach (var tensor in Tensors)
        {
            stream.SetLength(Padded(stream.Length));
            stream.Position = stream.Length;
            foreach (var value in tensor.Values)
                writer.Write(value);
        }

        stream.SetLength(Padded(stream.Length));
        return stream.ToArray();
    }

    /// <summary>Writes the file into a folder of this test run and returns its path.</summary>
    public string Write(string name)
    {
        var path = Path.Combine(TestFolder.Path, name);
        File.WriteAllBytes(path, ToBytes());
        return path;
    }

    private static long Padded(long length) => (length + AlignmentBytes - 1) / AlignmentBytes * AlignmentBytes;

    private static void WriteText(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static void WriteValue(BinaryWriter writer, object value)
    {
        writer.Write(TypeOf(value.GetType()));
        switch (value)
        {
            case Array array:
                writer.Write(TypeOf(array.GetType().GetElementType()!));
                writer.Write((ulong)array.Length);
                foreach (var element in array)
                    WriteScalar(writer, element!);
                break;
            default:
                WriteScalar(writer, value);
                break;
        }
    }

    private static void WriteScalar(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case uint number: writer.Write(number); break;
            case int number: writer.Write(number); break;
            case float number: writer.Write(number); break;
            case bool flag: writer.Write(flag); break;
            case ulong number: writer.Write(number); break;
            case string text: WriteText(writer, text); break;
            default: throw new NotSupportedException(value.GetType().Name);
        }
    }

    private static uint TypeOf(Type type) =>
        type == typeof(uint) ? 4u : type == typeof(int) ? 5u : type == typeof(float) ? 6u : type == typeof(bool) ? 7u
        : type == typeof(string) ? 8u : type.IsArray ? 9u : type == typeof(ulong) ? 10u : throw new NotSupportedException(type.Name);
}

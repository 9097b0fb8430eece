// Critic files: what is written comes back, anyone can read it, and what is broken or foreign is refused by name.

using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using InferenceGuard.Critic;
using InferenceGuard.Storage;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Critic;

internal sealed class CriticFileTests
{
    private const int HiddenWidth = 6;

    private static readonly LatentCritic s_critic = RandomCritic.Of(HiddenWidth, [5, 3], 1);

    private static readonly Lazy<string> s_path = new(() => Written("critic-whole.safetensors"));

    [Test]
    public void Read_WrittenCritic_IsTheSame()
    {
        var (weights, binding) = CriticFile.Read(s_path.Value);
        Assert.That(binding, Is.EqualTo(s_critic.Binding));
        Assert.That((weights.HiddenWidth, weights.Budget), Is.EqualTo((HiddenWidth, 10f)));
        Assert.That(weights.Mean, Is.EqualTo(s_critic.Weights.Mean));
        Assert.That(weights.Deviation, Is.EqualTo(s_critic.Weights.Deviation));
        Assert.That(weights.Layers, Has.Count.EqualTo(2));
        foreach (var (read, written) in weights.Layers.Append(weights.Heads).Zip(s_critic.Weights.Layers.Append(s_critic.Weights.Heads)))
            Assert.That((read.Weight, read.Bias), Is.EqualTo((written.Weight, written.Bias)));
    }

    [Test]
    public void Write_File_IsPlainSafetensors()
    {
        var bytes = File.ReadAllBytes(s_path.Value);
        var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        using var header = JsonDocument.Parse(bytes.AsMemory(8, length));
        var metadata = header.RootElement.GetProperty("__metadata__").EnumerateObject().ToDictionary(static pair => pair.Name, static pair => pair.Value.GetString());
        Assert.That((metadata["format"], metadata["layers"], metadata["activation"]), Is.EqualTo(("inferenceguard-critic", "2", "silu")));
        Assert.That((metadata["budget"], metadata["discount"], metadata["model.name"]), Is.EqualTo(("10", "0.999", "Tiny “7B”")));
        var inputs = s_critic.Weights.InputWidth;
        (string Name, int[] Shape, float[] Values)[] expected =
        [
            ("input.mean", [inputs], s_critic.Weights.Mean), ("input.std", [inputs], s_critic.Weights.Deviation),
            ("layers.0.weight", [5, inputs], s_critic.Weights.Layers[0].Weight), ("layers.0.bias", [5], s_critic.Weights.Layers[0].Bias),
            ("layers.1.weight", [3, 5], s_critic.Weights.Layers[1].Weight), ("layers.1.bias", [3], s_critic.Weights.Layers[1].Bias),
            ("heads.weight", [2, 3], s_critic.Weights.Heads.Weight), ("heads.bias", [2], s_critic.Weights.Heads.Bias),
        ];
        Assert.That(header.RootElement.EnumerateObject().Select(static entry => entry.Name), Is.EqualTo(expected.Select(static tensor => tensor.Name).Prepend("__metadata__")));
        foreach (var (name, shape, values) in expected)
        {
            var tensor = header.RootElement.GetProperty(name);
            var (from, to) = (tensor.GetProperty("data_offsets")[0].GetInt32(), tensor.GetProperty("data_offsets")[1].GetInt32());
            Assert.That(tensor.GetProperty("dtype").GetString(), Is.EqualTo("F32"), name);
            Assert.That(tensor.GetProperty("shape").EnumerateArray().Select(static elements => elements.GetInt32()), Is.EqualTo(shape), name);
            Assert.That(MemoryMarshal.Cast<byte, float>(bytes.AsSpan()[(8 + length + from)..(8 + length + to)]).ToArray(), Is.EqualTo(values), name);
        }
        Assert.That((8 + length) % 8, Is.Zero, "data begin aligned");
        Assert.That(File.Exists(s_path.Value + ".partial"), Is.False);
    }

    [Test]
    public void Write_CultureWithCommas_WritesTheSameFile()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            var commas = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            (commas.NumberFormat.NumberDecimalSeparator, commas.NumberFormat.NumberGroupSeparator) = (",", ".");
            CultureInfo.CurrentCulture = commas;
            Assert.That(File.ReadAllBytes(Written("critic-culture.safetensors")), Is.EqualTo(File.ReadAllBytes(s_path.Value)));
            Assert.That(CriticFile.Read(s_path.Value).Binding.Discount, Is.EqualTo(0.999));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Test]
    public void Write_FolderThatIsNotThere_IsAnErrorNamingTheFile()
    {
        var path = Path.Combine(TestFolder.Path, "no such folder", "critic.safetensors");
        Assert.That(() => CriticFile.Write(path, s_critic), Throws.TypeOf<GuardException>().With.Message.Contains(path).And.Property("Fault").EqualTo(GuardFault.Environment));
    }

    [Test]
    public void Read_TruncatedFile_IsRefused()
    {
        var bytes = File.ReadAllBytes(s_path.Value);
        foreach (var length in (int[])[0, 4, 8, 9, 200, bytes.Length / 2, bytes.Length - 4, bytes.Length - 1])
        {
            var path = Path.Combine(TestFolder.Path, "critic-truncated.safetensors");
            File.WriteAllBytes(path, bytes[..length]);
            Refuses(path, "truncated");
        }
    }

    [TestCase("input.mean", float.NaN)]
    [TestCase("input.std", float.PositiveInfinity)]
    [TestCase("layers.0.weight", float.NaN)]
    [TestCase("layers.1.bias", float.NegativeInfinity)]
    [TestCase("heads.weight", float.NaN)]
    [TestCase("heads.bias", float.NaN)]
    public void Read_NumberNotFinite_IsRefused(string tensor, float bad) =>
        Refuses(Changed(tensors: (name, values, shape) => (name == tensor ? [.. values[..^1], bad] : values, shape)), tensor, "not finite");

    [TestCase(0)]
    [TestCase(-1)]
    public void Read_DeviationNotAboveZero_IsRefused(float bad) =>
        Refuses(Changed(tensors: (name, values, shape) => (name == "input.std" ? [.. values[..^1], bad] : values, shape)), "input.std");

    [TestCase("input.mean")]
    [TestCase("input.std")]
    [TestCase("layers.0.weight")]
    [TestCase("layers.0.bias")]
    [TestCase("layers.1.weight")]
    [TestCase("heads.weight")]
    [TestCase("heads.bias")]
    public void Read_TensorOfAnotherShape_IsRefused(string tensor)
    {
        Refuses(Changed(tensors: (name, values, shape) => name == tensor ? ([.. values, 1], [values.Length + 1]) : (values, shape)), tensor, "shape", "expected");
        Refuses(Changed(tensors: (name, values, shape) => name == tensor ? (null, shape) : (values, shape)), tensor, "no tensor");
    }

    [Test]
    public void Read_LayerWithoutUnits_IsRefused() => Refuses(
        Changed(tensors: static (name, values, shape) => name switch
        {
            "layers.1.weight" => ([], [0, 5]),
            "layers.1.bias" => ([], [0]),
            "heads.weight" => ([], [2, 0]),
            _ => (values, shape),
        }), "layers.1.weight");

    [Test]
    public void Read_MetadataMissing_NamesTheKey()
    {
        foreach (var key in SafetensorsFile.Read(s_path.Value).Metadata.Keys)
            Refuses(Changed(metadata: metadata => metadata.Remove(key)), key);
    }

    [TestCase("format", "inferenceguard-critic-2")]
    [TestCase("format", "pt")]
    [TestCase("activation", "relu")]
    [TestCase("layers", "0")]
    [TestCase("layers", "two")]
    [TestCase("layers", "100")]
    [TestCase("model.fingerprint", "abc")]
    [TestCase("model.hidden_width", "-6")]
    [TestCase("model.hidden_width", "2147483647")]
    [TestCase("model.vocabulary_size", "0")]
    [TestCase("budget", "0")]
    [TestCase("budget", "NaN")]
    [TestCase("budget", "1,5")]
    [TestCase("discount", "0")]
    [TestCase("discount", "1.1")]
    [TestCase("max_tokens", "0")]
    [TestCase("tokens_per_charge", "1.5")]
    public void Read_MetadataOutOfRange_NamesTheKey(string key, string value) => Refuses(Changed(metadata: metadata => metadata[key] = value), key);

    [Test]
    public void Read_MoreLayersThanTensors_IsRefused() => Refuses(Changed(static metadata => metadata["layers"] = "3"), "layers.2.weight");

    [Test]
    public void Read_ForeignFile_IsRefused()
    {
        Refuses(TinyModel.BpePath);
        var text = Path.Combine(TestFolder.Path, "critic-foreign.safetensors");
        File.WriteAllText(text, "This is no critic, but a text that is long enough to have a header's length.");
        Refuses(text);
        Refuses(TestFolder.Path);
        Refuses(Path.Combine(TestFolder.Path, "critic-absent.safetensors"));
    }

    private static string Written(string name)
    {
        var path = Path.Combine(TestFolder.Path, name);
        CriticFile.Write(path, s_critic);
        return path;
    }

    private static string Changed(Action<SortedDictionary<string, string>>? metadata = null, Func<string, float[], long[], (float[]? Values, long[] Shape)>? tensors = null)
    {
        var file = SafetensorsFile.Read(s_path.Value);
        var writer = new SafetensorsWriter();
        foreach (var (key, value) in file.Metadata)
            writer.Metadata[key] = value;
        metadata?.Invoke(writer.Metadata);
        foreach (var (name, tensor) in file.Tensors)
        {
            long[] shape = [.. tensor.Shape];
            var read = file.ReadFloats(name, shape);
            (float[]? Values, long[] Shape) changed = tensors is null ? (read, shape) : tensors(name, read, shape);
            if (changed.Values is { } values)
                writer.Add<float>(name, values, changed.Shape);
        }
        var path = Path.Combine(TestFolder.Path, "critic-changed.safetensors");
        writer.Write(path);
        return path;
    }

    private static void Refuses(string path, params string[] says)
    {
        var error = Assert.Throws<GuardException>(() => CriticFile.Read(path), path);
        Assert.That(error.Fault, Is.EqualTo(GuardFault.Environment));
        Assert.That(error.Message, Does.Not.Contain("\n").And.Contain(path));
        foreach (var part in says)
            Assert.That(error.Message, Does.Contain(part));
    }
}

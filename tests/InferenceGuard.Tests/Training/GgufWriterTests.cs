// What the GGUF writer writes, the GGUF reader must read back unchanged.

using InferenceGuard.Model;
using InferenceGuard.Tests.Support;
using InferenceGuard.Training;

namespace InferenceGuard.Tests.Training;

public sealed class GgufWriterTests
{
    [Test]
    public void Metadata_OfEveryType_IsReadBack()
    {
        var values = new Dictionary<string, object>
        {
            ["a"] = (byte)200, ["b"] = (sbyte)-3, ["c"] = (ushort)65000, ["d"] = (short)-300, ["e"] = 4_000_000_000u, ["f"] = -5,
            ["g"] = 1.5f, ["h"] = true, ["i"] = "wörd\0", ["j"] = ulong.MaxValue, ["k"] = long.MinValue, ["l"] = Math.PI,
            ["m"] = new[] { 1f, -2f }, ["n"] = new[] { true, false }, ["o"] = Array.Empty<int>(), ["p"] = new byte[] { 1, 2, 255 },
        };
        var path = Path.Combine(TestFolder.Path, "metadata.gguf");
        new GgufWriter().Set(values).Set("q", new[] { "x", "", "ÿ" }).Save(path);

        var file = GgufFile.Read(path);
        Assert.Multiple(() =>
        {
            foreach (var (key, value) in values)
                Assert.That(file.Metadata[key], Is.EqualTo(value), key);
            Assert.That(file.Strings("q"), Is.EqualTo(new[] { "x", "", "ÿ" }));
        });
    }

    [Test]
    public void Tensors_OfOddSizes_BeginAtMultiplesOf32AndKeepTheirBytes()
    {
        var path = Path.Combine(TestFolder.Path, "tensors.gguf");
        new GgufWriter()
            .Add("three", [3], GgufTensorType.F32, static (_, values) => new[] { 1f, 2f, 3f }.CopyTo(values))
            .Add("half", [5, 2], GgufTensorType.F16, static (row, values) => values.Fill(row))
            .Add("last", [1], GgufTensorType.F32, static (_, values) => values[0] = 7)
            .Save(path);

        var file = GgufFile.Read(path);
        var bytes = File.ReadAllBytes(path);
        Assert.Multiple(() =>
        {
            Assert.That(file.Tensors.Select(static tensor => tensor.OffsetBytes), Is.EqualTo(new long[] { 0, 32, 64 }));
            Assert.That(file.DataOffsetBytes % 32, Is.Zero);
            Assert.That(BitConverter.ToSingle(bytes, (int)file.DataOffsetBytes + 8), Is.EqualTo(3f));
            Assert.That(BitConverter.ToHalf(bytes, (int)file.DataOffsetBytes + 32 + 5 * 2), Is.EqualTo((Half)1));
            Assert.That(BitConverter.ToSingle(bytes, (int)file.DataOffsetBytes + 64), Is.EqualTo(7f));
        });
    }

    [Test]
    public void Save_ThatFails_LeavesNoFile()
    {
        var path = Path.Combine(TestFolder.Path, "failing.gguf");
        var file = new GgufWriter().Add("t", [4], GgufTensorType.F32, static (_, _) => throw new InvalidDataException("no rows"));
        Assert.Multiple(() =>
        {
            Assert.That(() => file.Save(path), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo("no rows"));
            Assert.That(Directory.GetFiles(TestFolder.Path, "failing*"), Is.Empty);
        });
    }

    [Test]
    public void Save_IntoAMissingFolder_SaysSo() =>
        Assert.That(
            () => new GgufWriter().Save(Path.Combine(TestFolder.Path, "missing", "x.gguf")),
            Throws.TypeOf<GuardException>().With.Message.Contains("missing").And.Property(nameof(GuardException.Fault)).EqualTo(GuardFault.Environment));

    [Test]
    public void Add_RowsThatAreNoWholeBlocks_IsRefused() =>
        Assert.That(() => new GgufWriter().Add("t", [48], GgufTensorType.Q8, static (_, _) => { }), Throws.ArgumentException.With.Message.Contains("multiple of 32"));

    [Test]
    public void Add_TheSameNameTwice_IsRefused()
    {
        var file = new GgufWriter().Add("t", [1], GgufTensorType.F32, static (_, _) => { });
        Assert.That(() => file.Add("t", [1], GgufTensorType.F32, static (_, _) => { }), Throws.ArgumentException.With.Message.Contains("already"));
    }

    [Test]
    public void Set_AValueTheFormatLacks_IsRefused() =>
        Assert.That(() => new GgufWriter().Set("when", DateTime.UnixEpoch), Throws.ArgumentException.With.Message.Contains("DateTime"));
}

// PyTorch files: those of Python's own pickle are read, and nothing that a file asks for is run.

using System.Diagnostics;
using System.IO.Compression;
using InferenceGuard.Storage;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Storage;

internal sealed class TorchFileTests
{
    // Made by Golden/make_torch_files.py with Python's pickle.
    [TestCase("two")]
    [TestCase("four")]
    public void Read_FilePickledByPython_HasItsTensors(string protocol)
    {
        var file = TorchFile.Read(Golden(protocol));
        Assert.That(file.Tensors.Keys, Is.EquivalentTo((string[])[
            "model.embed_tokens.weight", "model.transposed", "model.column", "score_head.weight", "score_head.bias", "normalizer.mean", "normalizer.var", "normalizer.count"]));
        Assert.That(file.ReadFloats("score_head.weight"), Is.EqualTo(Enumerable.Range(0, 64).Select(static at => (at % 7 - 3) * 0.25f)));
        Assert.That(file.Tensors["score_head.weight"].Storage.Type, Is.EqualTo("BF16"));
        Assert.That(file.Tensors["score_head.weight"].Shape, Is.EqualTo((long[])[1, 64]));
        Assert.That(file.ReadFloats("model.embed_tokens.weight"), Is.EqualTo((float[])[0, 1, 2, 3, 4, 5]));
        Assert.That(file.ReadFloats("model.transposed"), Is.EqualTo((float[])[0, 3, 1, 4, 2, 5]), "strides (1, 3)");
        Assert.That(file.ReadFloats("model.column"), Is.EqualTo((float[])[1, 4]), "offset 1, stride 3");
        Assert.That((file.ReadFloats("score_head.bias")[0], file.ReadFloats("normalizer.mean")[0], file.ReadFloats("normalizer.var")[0]), Is.EqualTo((-1.5f, 0.5f, 6.25f)));
        Refuses(() => file.ReadFloats("normalizer.count"), "I64");
    }

    [TestCase("os", "system")]
    [TestCase("posix", "system")]
    [TestCase("builtins", "eval")]
    [TestCase("torch._utils", "_rebuild_device_tensor_from_numpy")]
    [TestCase("torch.FloatStorage", "from_file")]
    public void Read_CallOfAnyOtherFunction_IsRefusedByName(string module, string name)
    {
        var planted = Path.Combine(TestFolder.Path, "planted");
        var path = new TorchWriter().Add((byte)'}').Text("w").Global(module, name).Text($"touch {planted}").Add(0x85, (byte)'R', (byte)'s').Write(Any());
        Refuses(() => TorchFile.Read(path), $"names {module}.{name}", "nothing of it was run");
        Assert.That(planted, Does.Not.Exist);
        var stacked = new TorchWriter().Text(module).Text(name).Add(0x93).Write(Any());
        Refuses(() => TorchFile.Read(stacked), $"names {module}.{name}");
    }

    [Test]
    public void Read_CallOfWhatIsNoFunction_IsRefused()
    {
        Refuses(() => TorchFile.Read(new TorchWriter().Global("torch", "FloatStorage").Add((byte)')', (byte)'R').Write(Any())), "no function");
        Refuses(() => TorchFile.Read(new TorchWriter().Text("os.system").Add((byte)')', (byte)'R').Write(Any())), "no function");
    }

    [TestCase("i", TestName = "INST")]
    [TestCase("o", TestName = "OBJ")]
    [TestCase("\u0081", TestName = "NEWOBJ")]
    [TestCase("\u0082", TestName = "EXT1")]
    [TestCase("2", TestName = "DUP")]
    public void Read_OpcodeThatTensorsDoNotNeed_IsRefused(string opcode) =>
        Refuses(() => TorchFile.Read(new TorchWriter().Add((byte)opcode[0]).Write(Any())), "opcode");

    [TestCase(0, new long[] { 5 }, new long[] { 1 })]
    [TestCase(1, new long[] { 4 }, new long[] { 1 })]
    [TestCase(0, new long[] { 2, 2 }, new long[] { 3, 1 })]
    [TestCase(0, new long[] { 1_000_000_000 }, new long[] { 0 })] // The same number a billion times.
    [TestCase(0, new long[] { -4 }, new long[] { 1 })]
    [TestCase(0, new long[] { 4 }, new long[] { -1 })]
    [TestCase(-1, new long[] { 4 }, new long[] { 1 })]
    [TestCase(0, new long[] { long.MaxValue, long.MaxValue }, new long[] { 1, 1 })]
    [TestCase(0, new long[] { 2 }, new long[] { long.MaxValue })]
    [TestCase(long.MaxValue, new long[] { 4 }, new long[] { 1 })]
    [TestCase(0, new long[] { 2, 2 }, new long[] { 1 })]
    public void Read_TensorBeyondItsStorage_IsRefused(long offset, long[] shape, long[] strides) =>
        Refuses(() => TorchFile.Read(new TorchWriter().Add((byte)'}').Tensor("w", "FloatStorage", new byte[16], 4, offset, shape, strides).Write(Any())), "is unusable");

    [Test]
    public void Read_OtherContainers_SayWhatToDo()
    {
        var legacy = Any();
        File.WriteAllBytes(legacy, [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, (byte)'.']);
        Refuses(() => TorchFile.Read(legacy), "older format", "safetensors");
        Refuses(() => TorchFile.Read(Path.Combine(TestFolder.Path, "no-such.bin")), "cannot be read");
        Refuses(() => TorchFile.Read(new TorchWriter().Add((byte)'}').Write(Any(), "big")), "big-endian");
        Refuses(() => TorchFile.Read(new TorchWriter().Add((byte)'}').Text(new string('a', 1000)).Add((byte)'0').Write(Any(), null, CompressionLevel.Optimal)), "compressed");
        Refuses(() => TorchFile.Read(new TorchWriter().Add((byte)']').Write(Any())), "no dictionary");
    }

    [Test]
    public void Read_PicklesThatWouldTakeForever_AreRefused()
    {
        Refuses(() => TorchFile.Read(new TorchWriter().Add((byte)'}').Text(new string('k', 1001)).Add((byte)'N', (byte)'s').Write(Any())), "key");
        Refuses(() => TorchFile.Read(new TorchWriter().Add((byte)'}').Add((byte)'r', 0xFF, 0xFF, 0xFF, 0x7F).Write(Any())), "out of order");
        Refuses(() => TorchFile.Read(new TorchWriter().Add(new byte[9 << 20]).Write(Any())), "expected at most");
        Refuses(() => TorchFile.Read(new TorchWriter().Add((byte)'B', 0xFF, 0xFF, 0xFF, 0xFF).Write(Any())), "ends early");

        // As deep as a pickle can be: what is nested is never walked through.
        Refuses(() => TorchFile.Read(new TorchWriter().Add([.. Enumerable.Repeat((byte)')', 1), .. Enumerable.Repeat((byte)0x85, 1 << 20)]).Write(Any())), "no dictionary");
        Refuses(() => TorchFile.Read(new TorchWriter().Add([.. Enumerable.Repeat((byte)'(', 1 << 20)]).Write(Any())), "more from its stack");
    }

    [Test]
    public void Read_AnyBytesChanged_EndsInTensorsOrOneError()
    {
        var (random, path, clock, refused) = (new Random(11), Any(), Stopwatch.StartNew(), 0);
        foreach (var protocol in (string[])["two", "four"])
        {
            var whole = File.ReadAllBytes(Golden(protocol));
            for (var round = 0; round < 1000; round++)
            {
                var bytes = whole[..(random.Next(4) == 0 ? random.Next(whole.Length) : whole.Length)];
                for (var change = random.Next(6); change >= 0 && bytes.Length > 0; change--)
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                File.WriteAllBytes(path, bytes);
                try
                {
                    var file = TorchFile.Read(path);
                    foreach (var name in file.Tensors.Keys)
                        file.ReadFloats(name);
                }
                catch (GuardException)
                {
                    refused++;
                }
            }
        }
        Assert.That(refused, Is.InRange(500, 2000));
        Assert.That(clock.Elapsed.TotalSeconds, Is.LessThan(60));
    }

    // Within the pickle only: the archive stays intact, so that every change is read.
    [Test]
    public void Read_AnyPickleChanged_EndsInTensorsOrOneError()
    {
        using var archive = ZipFile.OpenRead(Golden("two"));
        using var entry = archive.GetEntry("pytorch_model/data.pkl")!.Open();
        using var copy = new MemoryStream();
        entry.CopyTo(copy);
        var (whole, random, path, read) = (copy.ToArray()[2..^1], new Random(12), Any(), 0);
        for (var round = 0; round < 2000; round++)
        {
            var bytes = (byte[])whole.Clone();
            for (var change = random.Next(4); change >= 0; change--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                TorchFile.Read(new TorchWriter().Add(bytes).Write(path));
                read++;
            }
            catch (GuardException e)
            {
                Assert.That(e.Message, Does.Contain(path).And.Not.Contain("\n"));
            }
        }
        Assert.That(read, Is.InRange(1, 1999), "some changes do no harm");
    }

    private static string Golden(string protocol) => Repository.PathOf($"tests/InferenceGuard.Tests/Golden/torch-protocol-{protocol}.bin");

    private static string Any() => Path.Combine(TestFolder.Path, $"{Guid.NewGuid():N}.bin");

    private static void Refuses(Func<object> read, params string[] says)
    {
        var error = Assert.Throws<GuardException>(() => read())!;
        foreach (var part in says)
            Assert.That(error.Message, Does.Contain(part));
    }
}

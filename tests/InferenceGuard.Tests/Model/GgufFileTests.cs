// Reading GGUF headers, and every kind of broken or hostile file: a clear error, never a dead process.

using System.Text;
using InferenceGuard.Model;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Model;

public sealed class GgufFileTests
{
    private const string Container = "container";
    private const string Rules = "rules";

    [Test]
    public void Read_OfAWholeFile_GivesItsMetadataAndTensors()
    {
        var file = GgufFile.Read(TinyModel.SpmPath);
        var output = file.Tensors.Single(t => t.Name == "output.weight");
        Assert.Multiple(() =>
        {
            Assert.That(file.Version, Is.EqualTo(3));
            Assert.That(file.Architecture, Is.EqualTo("llama"));
            Assert.That(file.WholeNumber("llama.block_count"), Is.EqualTo(TinyModel.Layers));
            Assert.That(file.Strings("tokenizer.ggml.tokens")![1], Is.EqualTo("<s>"));
            Assert.That(file.Metadata["tokenizer.ggml.scores"], Is.InstanceOf<float[]>());
            Assert.That(file.Tensors, Has.Count.EqualTo(3 + 9 * TinyModel.Layers));
            Assert.That(output.Shape, Is.EqualTo(new long[] { TinyModel.Width, file.Strings("tokenizer.ggml.tokens")!.Count }));
            Assert.That(output.Type, Is.EqualTo(GgufTensorType.F32));
            Assert.That(output.SizeBytes, Is.EqualTo(output.ElementCount * 4));
            Assert.That(file.DataOffsetBytes + file.Tensors.Max(t => t.OffsetBytes + t.SizeBytes), Is.LessThanOrEqualTo(file.FileSizeBytes));
            Assert.That(file.Text("llama.block_count"), Is.Null);
        });
    }

    [TestCase(28u, "F64", 1, 8)]
    [TestCase(2u, "Q4_0", 32, 18)]
    [TestCase(8u, "Q8_0", 32, 34)]
    [TestCase(12u, "Q4_K", 256, 144)]
    public void TensorType_OfAKnownFormat_HasItsBlockSize(uint id, string name, int elements, int bytes)
    {
        var type = new GgufTensorType(id);
        Assert.That((type.Name, type.BlockElements, type.BlockSizeBytes), Is.EqualTo((name, elements, bytes)));
    }

    [Test]
    public void Load_OfAMissingFile_SaysSo() => AssertRefused(Path.Combine(TestFolder.Path, "none.gguf"), "does not exist");

    [Test]
    public void Load_OfADirectory_SaysSo() => AssertRefused(TestFolder.Path, "directory");

    [Test]
    public void Load_OfAnEmptyPath_SaysSo() => AssertRefused("", "cannot be read");

    [Test]
    public void Load_OfATextFile_SaysSo() => AssertRefused(Write("text.gguf", Encoding.UTF8.GetBytes("once upon a time there was no model")), "'GGUF'");

    [Test]
    public void Load_OfATruncatedFile_SaysSo([Values(0, 3, 4, 8, 20, 24, 60, 400, 6000, 40_000, -1)] int length)
    {
        var bytes = TinyModel.Spm().ToBytes();
        var kept = bytes[..(length < 0 ? bytes.Length - 64 : length)];
        AssertRefused(Write($"truncated{length}.gguf", kept), "is not a usable GGUF file");
    }

    private static IEnumerable<TestCaseData> Broken()
    {
        yield return Case(Container, "magic", "'GGUF'", f => f.Magic = 0x46554748);
        yield return Case(Container, "version 1", "version is 1", f => f.Version = 1);
        yield return Case(Container, "version 4", "version is 4", f => f.Version = 4);
        yield return Case(Container, "big-endian", "big-endian", f => f.Version = 3u << 24);
        yield return Case(Container, "huge tensor count", "announces", f => f.TensorCount = ulong.MaxValue);
        yield return Case(Container, "huge key count", "announces", f => f.KeyCount = 1UL << 40);
        yield return Case(Container, "one key too many", "usable GGUF", f => f.KeyCount = (ulong)f.Keys.Count + 1);
        yield return Case(Container, "duplicate key", "twice", f => f.Keys.Add(f.Keys[0]));
        yield return Case(Container, "duplicate tensor", "twice", f => f.Tensors.Add(f.Tensors[0]));
        yield return Case(Container, "zero extent", "shape", f => f.Tensors[1] = f.Tensors[1] with { Shape = [0] });
        yield return Case(Container, "overflowing shape", "shape", f => f.Tensors[1] = f.Tensors[1] with { Shape = [1UL << 40, 1UL << 40] });
        yield return Case(Container, "five dimensions", "dimensions", f => f.Tensors[1] = f.Tensors[1] with { Shape = [1, 1, 1, 1, 1] });
        yield return Case(Container, "offset past the end", "truncated", f => f.Tensors[1] = f.Tensors[1] with { OffsetBytes = 1UL << 40 });
        yield return Case(Container, "half a block", "multiple of 256", f => f.Tensors[0] = f.Tensors[0] with { Type = 12 });
        yield return Case(Container, "alignment 0", "alignment", f => f.Set("general.alignment", 0u));
        yield return Case(Container, "alignment 3", "alignment", f => f.Set("general.alignment", 3u));
        yield return Case(Container, "alignment of another type", "alignment", f => f.Set("general.alignment", "32"));
        yield return Case(Rules, "no architecture", "general.architecture", f => f.Remove("general.architecture"));
        yield return Case(Rules, "no block count", "llama.block_count", f => f.Remove("llama.block_count"));
        yield return Case(Rules, "no context length", "llama.context_length", f => f.Remove("llama.context_length"));
        yield return Case(Rules, "block count 0", "is 0", f => f.Set("llama.block_count", 0u));
        yield return Case(Rules, "block count 513", "is 513", f => f.Set("llama.block_count", 513u));
        yield return Case(Rules, "block count negative", "is -1", f => f.Set("llama.block_count", -1));
        yield return Case(Rules, "block count as text", "block_count", f => f.Set("llama.block_count", "2"));
        yield return Case(Rules, "experts used without experts", "expert", f => f.Set("llama.expert_used_count", 2u));
        yield return Case(Rules, "experts never used", "expert", f => f.Set("llama.expert_count", 8u));
        yield return Case(Rules, "too many experts", "expert", f => f.Set("llama.expert_count", 4096u).Set("llama.expert_used_count", 2u));
        yield return Case(Rules, "unknown rope scaling", "rope.scaling.type", f => f.Set("llama.rope.scaling.type", "spiral"));
        yield return Case(Rules, "no tokenizer", "tokenizer.ggml.model", f => f.Remove("tokenizer.ggml.model"));
        yield return Case(Rules, "no vocabulary", "'no_vocab'", f => f.Set("tokenizer.ggml.model", "no_vocab"));
        yield return Case(Rules, "tokenizer that never returns", "'rwkv'", f => f.Set("tokenizer.ggml.model", "rwkv"));
        yield return Case(Rules, "tokenizer that aborts", "'bert'", f => f.Set("tokenizer.ggml.model", "bert"));
        yield return Case(Rules, "more experts in one layer", "expert", f => f.Set("llama.expert_used_count", new[] { 1, 2 }));
        yield return Case(Rules, "heads of several widths", "equally wide", f => f.Set("llama.attention.head_count", new[] { 4, 2 }));
        yield return Case(Rules, "KV heads of several widths", "equally wide", f => f.Set("llama.attention.head_count_kv", new[] { 4, 2 }));
        yield return Case(Rules, "epsilon not a number", "epsilon", f => f.Set("llama.attention.layer_norm_rms_epsilon", float.NaN));
        yield return Case(Rules, "epsilon negative", "epsilon", f => f.Set("llama.attention.layer_norm_rms_epsilon", -1f));
        yield return Case(Rules, "more predicting layers than layers", "nextn", f => f.Set("llama.nextn_predict_layers", 3u));
        yield return Case(Rules, "integer weights", "I32", f => f.Tensors[2] = f.Tensors[2] with { Type = 26 });
        yield return Case(Rules, "no tokens", "tokenizer.ggml.tokens", f => f.Remove("tokenizer.ggml.tokens"));
        yield return Case(Rules, "empty tokens", "empty", f => f.Set("tokenizer.ggml.tokens", Array.Empty<string>()));
        yield return Case(Rules, "duplicate token", "both '<s>'", f => Tokens(f)[7] = "<s>");
        yield return Case(Rules, "missing byte token", "<0x41>", f => Tokens(f)[3 + 0x41] = "none");
        yield return Case(Rules, "no tensors", "no tensors", f => f.Tensors.Clear());
    }

    private static IEnumerable<TestCaseData> RefusedByLlama()
    {
        yield return Case("llama.cpp", "unknown architecture", "cannot load", f => Rename(f, "alpaca"));
        yield return Case("llama.cpp", "missing tensor", "cannot load", f => f.Tensors.RemoveAt(5));
        yield return Case("llama.cpp", "wrong shape", "cannot load", f => f.Tensors[1] = f.Tensors[1] with { Shape = [32] });
        yield return Case("llama.cpp", "more blocks than tensors", "cannot load", f => f.Set("llama.block_count", 3u));
        yield return Case("llama.cpp", "unknown tensor type", "cannot load", f => f.Tensors[1] = f.Tensors[1] with { Type = 99 });
    }

    [TestCaseSource(nameof(Broken))]
    [TestCaseSource(nameof(RefusedByLlama))]
    public void Load_OfABentFile_IsRefusedWithTheReason(Action<GgufBuilder> bend, string reason, string name)
    {
        var file = TinyModel.Spm();
        bend(file);
        AssertRefused(file.Write($"bent-{name.Replace(' ', '-')}.gguf"), reason);
    }

    [TestCaseSource(nameof(Broken))]
    public void Load_OfABentVocabulary_NeverEndsTheProcess(Action<GgufBuilder> bend, string reason, string name)
    {
        var file = TinyModel.Spm();
        bend(file);
        var path = file.Write($"vocabulary-{name.Replace(' ', '-')}.gguf");
        try
        {
            using var model = LlamaCppModel.Load(path, new ModelOptions { VocabularyOnly = true });
            Assert.That(model.Vocabulary.Tokenize("hello", parseSpecial: false), Is.Not.Empty);
        }
        catch (GuardException e)
        {
            Assert.That(e.Message, Does.Contain(reason).Or.Contain("cannot load"));
        }
    }

    private static TestCaseData Case(string kind, string name, string reason, Action<GgufBuilder> bend) =>
        new TestCaseData(bend, reason, $"{kind} {name}").SetArgDisplayNames($"{kind}: {name}");

    private static string[] Tokens(GgufBuilder file) => (string[])file.Keys.Single(k => k.Key == "tokenizer.ggml.tokens").Value;

    private static void Rename(GgufBuilder file, string architecture)
    {
        foreach (var (key, value) in file.Keys.Where(k => k.Key.StartsWith("llama.", StringComparison.Ordinal)).ToArray())
            file.Remove(key).Set(architecture + key["llama".Length..], value);
        file.Set("general.architecture", architecture);
    }

    private static string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(TestFolder.Path, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private static void AssertRefused(string path, string reason)
    {
        var error = Assert.Throws<GuardException>(() => LlamaCppModel.Load(path).Dispose())!;
        Assert.That(error.Fault, Is.EqualTo(GuardFault.Environment));
        Assert.That(error.Message, Does.Contain(reason));
        Assert.That(error.Message, Does.Not.Contain('\n'));
    }
}

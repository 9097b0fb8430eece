// Random models must load and decode in llama.cpp in every format and with both tokenizer families.

using InferenceGuard.Model;
using InferenceGuard.Tests.Support;
using InferenceGuard.Training;

namespace InferenceGuard.Tests.Training;

public sealed class RandomModelTests
{
    private static readonly GgufTensorType[] s_types = [GgufTensorType.F32, GgufTensorType.F16, GgufTensorType.Q8, GgufTensorType.Q4];

    [Test]
    public void Save_InEveryFormatAndTokenizer_DecodesWithLivelyLogits([Range(0, 3)] int format, [Values] bool bpe)
    {
        var path = Path.Combine(TestFolder.Path, $"random-{format}-{bpe}.gguf");
        var vocabulary = bpe ? GgufVocabulary.SyntheticBpe(1500) : GgufVocabulary.SyntheticSpm(1500);
        new RandomModel { Shape = ModelShape.Tiny with { KeyValueHeads = 2 }, Vocabulary = vocabulary, Type = s_types[format], Seed = 3 }.Save(path);

        using var model = LlamaCppModel.Load(path, new ModelOptions { Threads = 1 });
        using var context = model.CreateContext(new ContextOptions { CellCount = 256, MaxSequences = 1 });
        var tokens = model.Vocabulary.Tokenize("hello there", parseSpecial: false);
        var batch = new DecodeBatch(1, 1);
        batch.Add(tokens[0], new SequenceId(0));
        context.Decode(batch, CancellationToken.None);
        var spread = Math.Sqrt(context.Logits.ToArray().Average(static logit => (double)logit * logit));
        Assert.Multiple(() =>
        {
            Assert.That(tokens, Has.Length.GreaterThan(1));
            Assert.That(model.Vocabulary.Detokenize(tokens).Trim(), Is.EqualTo("hello there"));
            Assert.That(model.Info.VocabularySize, Is.EqualTo(1500));
            Assert.That(model.Info.ParameterCount, Is.EqualTo((ModelShape.Tiny with { KeyValueHeads = 2 }).ParameterCount(1500)));
            Assert.That(spread, Is.InRange(1.5, 3.5));
        });
    }

    [Test]
    public void Save_TheSameSeed_GivesTheSameFile()
    {
        var model = new RandomModel { Shape = ModelShape.Tiny, Vocabulary = GgufVocabulary.SyntheticBpe(300), Seed = 5 };
        var paths = Enumerable.Range(0, 3).Select(static i => Path.Combine(TestFolder.Path, $"seed-{i}.gguf")).ToArray();
        model.Save(paths[0]);
        model.Save(paths[1]);
        (model with { Seed = 6 }).Save(paths[2]);
        Assert.Multiple(() =>
        {
            Assert.That(File.ReadAllBytes(paths[1]), Is.EqualTo(File.ReadAllBytes(paths[0])));
            Assert.That(File.ReadAllBytes(paths[2]), Is.Not.EqualTo(File.ReadAllBytes(paths[0])));
        });
    }

    [Test]
    public void Save_ATiedOutput_HasNoOutputMatrix()
    {
        var path = Path.Combine(TestFolder.Path, "tied.gguf");
        new RandomModel { Shape = ModelShape.Tiny with { TiedOutput = true }, Vocabulary = GgufVocabulary.SyntheticSpm(300) }.Save(path);
        using var model = LlamaCppModel.Load(path);
        Assert.Multiple(() =>
        {
            Assert.That(model.File.Tensors.Select(static tensor => tensor.Name), Has.None.EqualTo("output.weight"));
            Assert.That(model.Info.ParameterCount, Is.EqualTo((ModelShape.Tiny with { TiedOutput = true }).ParameterCount(300)));
        });
    }

    [TestCase(62, 4, 0, "not a positive multiple")]
    [TestCase(64, 4, 3, "do not divide")]
    [TestCase(12, 4, 0, "must be even")]
    public void Save_AnImpossibleShape_SaysWhy(int width, int heads, int keyValueHeads, string reason)
    {
        var shape = ModelShape.Tiny with { Width = width, Heads = heads, KeyValueHeads = keyValueHeads };
        var model = new RandomModel { Shape = shape, Vocabulary = GgufVocabulary.SyntheticBpe(300) };
        Assert.That(() => model.Save(Path.Combine(TestFolder.Path, "impossible.gguf")), Throws.TypeOf<GuardException>().With.Message.Contains(reason));
    }
}

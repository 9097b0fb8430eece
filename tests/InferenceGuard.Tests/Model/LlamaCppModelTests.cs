// What a loaded model says of itself, and the options it refuses.

using InferenceGuard.Model;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Model;

public sealed class LlamaCppModelTests
{
    [Test]
    public void Info_OfALoadedModel_IsWhatItsFileSays()
    {
        using var model = LlamaCppModel.Load(TinyModel.SpmPath, TinyModel.OneThread);
        var tensors = TinyModel.Spm().Tensors;
        Assert.Multiple(() =>
        {
            Assert.That(model.Info.Architecture, Is.EqualTo("llama"));
            Assert.That(model.Info.Name, Is.EqualTo("tiny"));
            Assert.That(model.Info.ParameterCount, Is.EqualTo(tensors.Sum(t => t.Values.Length)));
            Assert.That(model.Info.SizeBytes, Is.EqualTo(4 * tensors.Sum(t => t.Values.Length)));
            Assert.That(model.Info.Quantization, Is.EqualTo("F32"));
            Assert.That(model.Info.HiddenWidth, Is.EqualTo(TinyModel.Width));
            Assert.That(model.Info.LayerCount, Is.EqualTo(TinyModel.Layers));
            Assert.That(model.Info.TrainedContextTokens, Is.EqualTo(4096));
            Assert.That(model.Info.CellSizeBytes, Is.EqualTo(2 * 2 * TinyModel.Width * TinyModel.Layers));
            Assert.That(model.Info.VocabularySize, Is.EqualTo(model.Vocabulary.Count));
        });
    }

    [Test]
    public void Load_WithoutMemoryMap_GivesTheSameLogits()
    {
        using var mapped = LlamaCppModel.Load(TinyModel.SpmPath, TinyModel.OneThread);
        using var read = LlamaCppModel.Load(TinyModel.SpmPath, TinyModel.OneThread with { MemoryMap = false });
        Assert.That(FirstLogits(read), Is.EqualTo(FirstLogits(mapped)));
    }

    [Test]
    public void Load_ForTheVocabularyOnly_TokenizesAndRefusesAContext()
    {
        using var model = LlamaCppModel.Load(TinyModel.SpmPath, new ModelOptions { VocabularyOnly = true });
        Assert.That(model.Vocabulary.Tokenize("hello world", parseSpecial: false), Has.Length.EqualTo(2));
        Assert.That(model.Info.HiddenWidth, Is.EqualTo(TinyModel.Width));
        var error = Assert.Throws<GuardException>(() => model.CreateContext(new ContextOptions { CellCount = 256, MaxSequences = 1 }))!;
        Assert.That(error.Message, Does.Contain("vocabulary only"));
    }

    [TestCase(0, 256, 512)]
    [TestCase(257, 512, 512)]
    [TestCase(-1, 256, 512)]
    [TestCase(8, 7, 512)]
    [TestCase(1, 0, 512)]
    [TestCase(1, int.MaxValue, 512)]
    [TestCase(1, 256, 0)]
    public void CreateContext_WithAnImpossibleSize_IsAUsageError(int sequences, int cells, int batch)
    {
        using var model = LlamaCppModel.Load(TinyModel.SpmPath, TinyModel.OneThread);
        var options = new ContextOptions { CellCount = cells, MaxSequences = sequences, BatchTokens = batch };
        Assert.That(Assert.Throws<GuardException>(() => model.CreateContext(options))!.Fault, Is.EqualTo(GuardFault.Usage));
    }

    [TestCase(1, 1)]
    [TestCase(256, 256)]
    [TestCase(300, 256)]
    public void CreateContext_AtItsLimits_DecodesEverySlot(int cells, int sequences)
    {
        using var model = LlamaCppModel.Load(TinyModel.SpmPath, TinyModel.OneThread);
        using var context = model.CreateContext(new ContextOptions { CellCount = cells, MaxSequences = sequences, BatchTokens = 1, HiddenStates = true });
        Assert.That(context.CellCapacity, Is.GreaterThanOrEqualTo(cells));
        var batch = new DecodeBatch(sequences, sequences);
        for (var s = 0; s < sequences; s++)
            batch.Add(new TokenId(3 + s), new SequenceId(s));
        context.Decode(batch, CancellationToken.None);
        Assert.That(context.Logits.Length, Is.EqualTo(sequences * model.Info.VocabularySize));
        Assert.That(context.Hidden.Length, Is.EqualTo(sequences * model.Info.HiddenWidth));
    }

    [Test]
    public void CreateContext_LargerThanMemory_IsAnErrorThatSaysHowLarge()
    {
        using var model = LlamaCppModel.Load(TinyModel.SpmPath, TinyModel.OneThread);
        var options = new ContextOptions { CellCount = 2_000_000_000, MaxSequences = 1 };
        var error = Assert.Throws<GuardException>(() => model.CreateContext(options))!;
        Assert.That(error.Message, Does.Contain("MiB"));
    }

    [Test]
    public void Load_WithNegativeThreads_IsAUsageError() =>
        Assert.That(
            Assert.Throws<GuardException>(() => LlamaCppModel.Load(TinyModel.SpmPath, new ModelOptions { Threads = -1 }))!.Fault,
            Is.EqualTo(GuardFault.Usage));

    [Test]
    public void Threads_AskedForBeyondTheMachine_AreClamped()
    {
        using var model = LlamaCppModel.Load(TinyModel.SpmPath, new ModelOptions { Threads = 1000 });
        Assert.That(model.Threads, Is.EqualTo(Environment.ProcessorCount));
    }

    [Test]
    public void PhysicalCores_OfTwoThreadsPerCore_AreCountedOnce()
    {
        string[] cpuInfo =
        [
            "processor\t: 0", "physical id\t: 0", "core id\t\t: 0", "processor\t: 1", "physical id\t: 0", "core id\t\t: 1",
            "processor\t: 2", "physical id\t: 0", "core id\t\t: 0", "processor\t: 3", "physical id\t: 1", "core id\t\t: 0",
        ];
        Assert.That(PhysicalCores.Count(cpuInfo), Is.EqualTo(3));
        Assert.That(PhysicalCores.Count(["processor\t: 0", "Features\t: fp asimd"]), Is.Zero);
    }

    [Test]
    public void TwoContexts_OfOneModelOnTwoThreads_GiveTheSameLogits()
    {
        using var model = LlamaCppModel.Load(TinyModel.SpmPath, TinyModel.OneThread);
        var results = new float[2][];
        Parallel.For(0, 2, i => results[i] = FirstLogits(model));
        Assert.That(results[0], Is.EqualTo(results[1]));
    }

    private static float[] FirstLogits(LlamaCppModel model)
    {
        using var context = model.CreateContext(new ContextOptions { CellCount = 256, MaxSequences = 1 });
        context.Prefill(new SequenceId(0), model.Vocabulary.Tokenize("hello world", parseSpecial: false), CancellationToken.None);
        var batch = new DecodeBatch(1, 1);
        batch.Add(new TokenId(9), new SequenceId(0));
        context.Decode(batch, CancellationToken.None);
        return context.Logits.ToArray();
    }
}

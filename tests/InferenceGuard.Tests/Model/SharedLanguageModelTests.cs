// One cache for many searches: what each decodes is what it would decode alone, whoever else is there.

using InferenceGuard.Model;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Model;

internal sealed class SharedLanguageModelTests
{
    // In float32 without flash attention, as LlamaCppContextTests measure it; places in the cache change the order of sums.
    private const float Rounding = 2e-5f;

    private LlamaCppModel _model = null!;

    [OneTimeSetUp]
    public void Load() => _model = LlamaCppModel.Load(TinyModel.BpePath, TinyModel.OneThread);

    [OneTimeTearDown]
    public void Unload() => _model.Dispose();

    [Test]
    public void Decode_ManySearchesAtOnce_GivesEachWhatItGetsAlone()
    {
        using var shared = new SharedLanguageModel(_model, new() { CellCount = 4096, MaxSequences = 64, CachedPrompts = 4, CachedCells = 512, Exact = true, HiddenStates = true });
        var expected = Enumerable.Range(0, 8).Select(seed => Walk(_model, seed)).ToArray();
        for (var round = 0; round < 4; round++)
        {
            var walks = new float[8][];
            var threads = Enumerable.Range(0, 8).Select(seed => new Thread(() => walks[seed] = Walk(shared, seed))).ToList();
            threads.ForEach(static thread => thread.Start());
            threads.ForEach(static thread => thread.Join());
            for (var seed = 0; seed < 8; seed++)
                Assert.That(walks[seed], Is.EqualTo(expected[seed]).Within(Rounding), $"round {round}, search {seed}");
        }
        var usage = shared.Usage;
        Assert.That((usage.UsedSequences, usage.ReservedCells, usage.Searches, usage.Waiting), Is.EqualTo((0, 0, 0, 0)), "all was given back");
        Assert.That(usage.DecodedSteps, Is.EqualTo(4 * 8 * 12));
        Assert.That(usage.Decodes, Is.LessThanOrEqualTo(usage.DecodedSteps));
        Assert.That(usage.ReusedTokens, Is.GreaterThan(0), "prompts began alike");
    }

    [Test]
    public void Decode_StepsThatComeWhileTheCacheIsBusy_AreOneNativeCall()
    {
        using var shared = new SharedLanguageModel(_model, new() { CellCount = 1024, MaxSequences = 8, CachedPrompts = 0, CachedCells = 0, Exact = true });
        using var prefilled = new CountdownEvent(3);
        using var held = new ManualResetEventSlim();
        var threads = Enumerable.Range(0, 3).Select(seed => new Thread(() =>
        {
            using var context = shared.CreateContext(Exact(2));
            context.Prefill(new(0), Tokens("hello"), default);
            prefilled.Signal();
            held.Wait();
            Step(context, seed);
        })).ToList();
        threads.ForEach(static thread => thread.Start());
        prefilled.Wait();
        shared.Cache.WhileBusy(() =>
        {
            held.Set();
            Assert.That(SpinWait.SpinUntil(() => shared.Cache.QueuedSteps == 3, 10_000), Is.True);
        });
        threads.ForEach(static thread => thread.Join());
        Assert.That((shared.Usage.DecodedSteps, shared.Usage.Decodes), Is.EqualTo((3, 1)));
    }

    [Test]
    public void Decode_OneSearchThatIsWrong_DoesNotHarmTheOthers()
    {
        using var shared = new SharedLanguageModel(_model, new() { CellCount = 1024, MaxSequences = 16, CachedPrompts = 0, CachedCells = 0, Exact = true, HiddenStates = true });
        var complaints = 0;
        var wrong = new Thread(() =>
        {
            using var context = shared.CreateContext(Exact(2));
            for (var step = 0; step < 200; step++)
                try
                {
                    var batch = new DecodeBatch(2, 2);
                    batch.Add(new(1_000_000), new(0));
                    context.Decode(batch, default);
                }
                catch (GuardException e) when (e.Message.Contains("1000000", StringComparison.Ordinal))
                {
                    complaints++;
                }
        });
        var expected = Walk(_model, 3);
        wrong.Start();
        for (var round = 0; round < 10; round++)
            Assert.That(Walk(shared, 3), Is.EqualTo(expected).Within(Rounding));
        wrong.Join();
        Assert.That(complaints, Is.EqualTo(200));
    }

    [Test]
    public void CreateContext_NoRoom_WaitsInTurnUntilThereIs()
    {
        using var shared = new SharedLanguageModel(_model, new() { CellCount = 512, MaxSequences = 8, CachedPrompts = 0, CachedCells = 0 });
        var first = shared.CreateContext(new() { CellCount = 400, MaxSequences = 4 });
        var order = new List<string>();
        Thread Waiting(string name, int cells)
        {
            var thread = new Thread(() =>
            {
                using var context = shared.CreateContext(new() { CellCount = cells, MaxSequences = 2 });
                lock (order)
                    order.Add(name);
            });
            thread.Start();
            SpinWait.SpinUntil(() => shared.Usage.Waiting > (name == "large" ? 0 : 1), 5000);
            return thread;
        }
        var (large, small) = (Waiting("large", 300), Waiting("small", 50));
        Assert.That(order, Is.Empty, "the small one fits, and waits behind the large one all the same");
        first.Dispose();
        large.Join();
        small.Join();
        Assert.That(order, Has.Count.EqualTo(2));
        Assert.That(shared.Usage, Has.Property("Searches").Zero.And.Property("Waiting").Zero);
    }

    [Test]
    public void CreateContext_CancelledWhileItWaits_GivesUpItsTurn()
    {
        using var shared = new SharedLanguageModel(_model, new() { CellCount = 512, MaxSequences = 8, CachedPrompts = 0, CachedCells = 0 });
        using var first = shared.CreateContext(new() { CellCount = 500, MaxSequences = 4 });
        using var source = new CancellationTokenSource(50);
        Assert.That(() => shared.CreateContext(new() { CellCount = 100, MaxSequences = 2, Cancellation = source.Token }), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(shared.Usage.Waiting, Is.Zero);
    }

    [TestCase(513, 2)]
    [TestCase(100, 9)]
    public void CreateContext_MoreThanThereIs_IsRefusedAtOnce(int cells, int sequences)
    {
        using var shared = new SharedLanguageModel(_model, new() { CellCount = 512, MaxSequences = 8, CachedPrompts = 0, CachedCells = 0 });
        Assert.That(() => shared.CreateContext(new() { CellCount = cells, MaxSequences = sequences }), Throws.TypeOf<GuardException>().With.Message.Contains("shared cache has 8 and 512"));
    }

    [Test]
    public void Prefill_APromptThatBeginsAlike_ComputesOnlyTheRest()
    {
        using var shared = new SharedLanguageModel(_model, new() { CellCount = 1024, MaxSequences = 16, CachedPrompts = 2, CachedCells = 64, Exact = true });
        var alone = Logits(_model, "hello world, or hell");
        Logits(shared, "hello world");
        var before = shared.Usage;
        Assert.That(Logits(shared, "hello world, or hell"), Is.EqualTo(alone).Within(Rounding));
        var (all, begun) = (Tokens("hello world, or hell").Length - 1, Tokens("hello world").Length - 1);
        Assert.That(shared.Usage.ReusedTokens - before.ReusedTokens, Is.EqualTo(begun));
        Assert.That(shared.Usage.PrefilledTokens - before.PrefilledTokens, Is.EqualTo(all - begun));
        Assert.That(shared.Usage.CachedCells, Is.EqualTo(all), "the longer prompt takes the place of its beginning");
        foreach (var other in (string[])["world", "lo lo", "a b c d e f g h"])
            Logits(shared, other);
        Assert.That(shared.Usage.CachedCells, Is.LessThanOrEqualTo(64));
        Assert.That(Logits(shared, "hello world, or hell"), Is.EqualTo(alone).Within(Rounding), "forgotten and computed anew");
    }

    private static ContextOptions Exact(int sequences) => new() { CellCount = 200, MaxSequences = sequences, HiddenStates = false, Exact = true };

    private TokenId[] Tokens(string text) => _model.Vocabulary.Tokenize(text, parseSpecial: false);

    private float[] Logits(ILanguageModel model, string text)
    {
        using var context = model.CreateContext(Exact(2));
        var tokens = Tokens(text);
        context.Prefill(new(0), tokens.AsSpan(..^1), default);
        var batch = new DecodeBatch(1, 1);
        batch.Add(tokens[^1], new(0));
        context.Decode(batch, default);
        return context.Logits.ToArray();
    }

    private static void Step(ILanguageContext context, int seed)
    {
        if (context.Length(new(0)) > 60)
            context.Drop(new(0));
        var batch = new DecodeBatch(2, 2);
        batch.Add(new(seed % 256), new(0));
        context.Decode(batch, default);
    }

    // A prompt, forks, drops and steps as a search makes them; all the logits and hidden states it saw.
    private float[] Walk(ILanguageModel model, int seed)
    {
        var random = new Random(seed);
        using var context = model.CreateContext(new() { CellCount = 300, MaxSequences = 5, HiddenStates = true, Exact = true });
        var seen = new List<float>();
        context.Prefill(new(4), Tokens($"hello world {seed}"), default);
        for (var block = 0; block < 4; block++)
        {
            for (var child = 0; child < 4; child++)
                context.Fork(new(4), new(child));
            for (var step = 0; step < 3; step++)
            {
                var batch = new DecodeBatch(5, 5);
                batch.Add(new(random.Next(256)), new(0));
                if (step == 0)
                    batch.Share(new(1));
                else
                    batch.Add(new(random.Next(256)), new(1));
                batch.Add(new(random.Next(256)), new(2));
                batch.Add(new(random.Next(256)), new(3));
                context.Decode(batch, default);
                seen.AddRange(context.Logits.ToArray().Where((_, at) => at % 37 == 0));
                seen.AddRange(context.Hidden);
            }
            context.Fork(new(random.Next(4)), new(4));
            for (var child = 0; child < 4; child++)
                context.Drop(new(child));
        }
        return [.. seen];
    }
}

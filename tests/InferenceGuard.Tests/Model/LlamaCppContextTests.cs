// What a context of llama.cpp promises beyond every language model's contract, whoever binds it.

using InferenceGuard.Model;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Model;

public sealed class LlamaCppContextTests
{
    // As in LanguageModelContractTests.
    private const float Tolerance = 1e-4f;

    private LlamaCppModel _model = null!;

    [OneTimeSetUp]
    public void LoadModel() => _model = LlamaCppModel.Load(TinyModel.SpmPath, TinyModel.OneThread);

    [OneTimeTearDown]
    public void FreeModel() => _model.Dispose();

    private LlamaCppContext Context(int sequences = 8, int cells = 512, bool hidden = true) =>
        (LlamaCppContext)_model.CreateContext(new ContextOptions { CellCount = cells, MaxSequences = sequences, Exact = true, HiddenStates = hidden });

    private static TokenId[] Tokens(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => new TokenId(random.Next(3, 270)))];
    }

    [Test]
    public void Decode_IntoAFullCache_SaysSoAndLeavesItUsable()
    {
        using var context = Context(sequences: 3, cells: 256);
        context.Prefill(new SequenceId(0), Tokens(8, 200), CancellationToken.None);
        context.Prefill(new SequenceId(1), Tokens(9, 55), CancellationToken.None);
        var batch = new DecodeBatch(2, 2);
        batch.Add(new TokenId(5), new SequenceId(0));
        batch.Add(new TokenId(6), new SequenceId(1));
        var error = Assert.Throws<GuardException>(() => context.Decode(batch, CancellationToken.None))!;
        Assert.That(error.Fault, Is.EqualTo(GuardFault.Generation));
        Assert.That(error.Message, Does.Contain("256 cells").And.Contain("fewer beams"));
        Assert.That(context.Length(new SequenceId(0)), Is.EqualTo(200));

        context.Drop(new SequenceId(1));
        batch.Clear();
        batch.Add(new TokenId(5), new SequenceId(0));
        context.Decode(batch, CancellationToken.None);
        Assert.That(context.Length(new SequenceId(0)), Is.EqualTo(201));
    }

    [Test]
    [OwnEngine] // LLamaSharp pins its arrays anew at every decode.
    public void Decode_InTheSteadyState_AllocatesNothing()
    {
        using var context = Context(sequences: 8, cells: 2048);
        using var source = new CancellationTokenSource();
        var batch = new DecodeBatch(8, 8);
        void Step()
        {
            batch.Clear();
            for (var s = 0; s < 8; s++)
                batch.Add(new TokenId(5 + s), new SequenceId(s));
            context.Decode(batch, source.Token);
            _ = context.Logits[0] + context.Hidden[0];
            context.Fork(new SequenceId(0), new SequenceId(1));
        }

        Assert.That(Allocations.Of(() =>
        {
            for (var step = 0; step < 20; step++)
                Step();
        }), Is.Zero);
    }

    [Test]
    public void Context_UsedByTwoThreadsAtOnce_ThrowsInsteadOfCrashing()
    {
        using var context = Context(sequences: 1, cells: 4096);
        var prompt = Tokens(12, 4000);
        var failures = 0;
        void Use()
        {
            for (var i = 0; i < 20; i++)
            {
                try
                {
                    context.Drop(new SequenceId(0));
                    context.Prefill(new SequenceId(0), prompt.AsSpan(0, 200), CancellationToken.None);
                }
                catch (InvalidOperationException)
                {
                    Interlocked.Increment(ref failures);
                }
            }
        }

        var threads = Enumerable.Range(0, 2).Select(_ => new Thread(Use)).ToArray();
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        Assert.That(failures, Is.Positive);
    }

    [Test]
    public void Model_DisposedBeforeItsContext_LivesUntilTheContextIsDisposed()
    {
        var model = LlamaCppModel.Load(TinyModel.SpmPath, TinyModel.OneThread);
        var context = model.CreateContext(new ContextOptions { CellCount = 256, MaxSequences = 1 });
        model.Dispose();
        var batch = new DecodeBatch(1, 1);
        batch.Add(new TokenId(5), new SequenceId(0));
        context.Decode(batch, CancellationToken.None);
        Assert.That(context.Logits.Length, Is.EqualTo(model.Info.VocabularySize));
        context.Dispose();
        context.Dispose();
        Assert.Throws<ObjectDisposedException>(() => context.Decode(batch, CancellationToken.None));
        Assert.Throws<ObjectDisposedException>(() => model.CreateContext(new ContextOptions { CellCount = 256, MaxSequences = 1 }));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void Append_OfRunsOfDifferentLengths_GivesWhatTheLastTokensGive(bool hidden)
    {
        using var context = Context(sequences: 3, hidden: hidden);
        using var alone = Context(sequences: 1, hidden: hidden);
        var width = hidden ? _model.Info.HiddenWidth : _model.Info.VocabularySize;
        var (batch, outputs) = (new AppendBatch(), new float[3 * width]);
        var runs = new[] { Tokens(20, 1), Tokens(21, 9), Tokens(22, 4) };
        for (var run = 0; run < runs.Length; run++)
            batch.Add(new SequenceId(run), runs[run]);
        context.Append(batch, outputs);
        for (var run = 0; run < runs.Length; run++)
        {
            alone.Drop(new SequenceId(0));
            alone.Prefill(new SequenceId(0), runs[run].AsSpan(..^1), CancellationToken.None);
            var last = new DecodeBatch(1, 1);
            last.Add(runs[run][^1], new SequenceId(0));
            alone.Decode(last, CancellationToken.None);
            Assert.That(outputs[(run * width)..((run + 1) * width)], Is.EqualTo((hidden ? alone.Hidden : alone.Logits).ToArray()).Within(Tolerance), $"run {run}");
            Assert.That(context.Length(new SequenceId(run)), Is.EqualTo(runs[run].Length));
        }
    }

    [Test]
    public void ForkPrefix_AndTruncate_GoOnFromTheSharedTokens()
    {
        using var context = Context(sequences: 3);
        var tokens = Tokens(23, 8);
        context.Prefill(new SequenceId(0), tokens, CancellationToken.None);
        context.ForkPrefix(new SequenceId(0), new SequenceId(1), 5);
        context.Fork(new SequenceId(0), new SequenceId(2));
        context.Truncate(new SequenceId(2), 5);
        Assert.That((context.Length(new SequenceId(0)), context.Length(new SequenceId(1)), context.Length(new SequenceId(2))), Is.EqualTo((8, 5, 5)));

        var batch = new DecodeBatch(2, 2);
        batch.Add(tokens[5], new SequenceId(1));
        batch.Add(tokens[5], new SequenceId(2));
        context.Decode(batch, CancellationToken.None);
        using var alone = Context(sequences: 1);
        alone.Prefill(new SequenceId(0), tokens.AsSpan(..5), CancellationToken.None);
        var one = new DecodeBatch(1, 1);
        one.Add(tokens[5], new SequenceId(0));
        alone.Decode(one, CancellationToken.None);
        Assert.That(Row(context.Logits, 0, 2), Is.EqualTo(alone.Logits.ToArray()).Within(Tolerance));
        Assert.That(Row(context.Logits, 1, 2), Is.EqualTo(alone.Logits.ToArray()).Within(Tolerance));
    }

    private static float[] Row(ReadOnlySpan<float> matrix, int row, int rows) =>
        matrix.Slice(row * (matrix.Length / rows), matrix.Length / rows).ToArray();
}

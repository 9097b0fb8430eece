// What every language model promises: batching, sharing, forking, limits and cancellation do not change what a sequence says.

using InferenceGuard.Model;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Model;

[TestFixtureSource(typeof(Implementations), nameof(Implementations.Models))]
public sealed class LanguageModelContractTests(ModelImplementation implementation)
{
    // F32 cache without flash attention was measured within 5e-6 of decoding each sequence alone (logits of rms 2.6);
    // other SIMD widths order sums otherwise, hence the margin.
    private const float Tolerance = 1e-4f;

    private ILanguageModel _model = null!;

    [OneTimeSetUp]
    public void LoadModel() => _model = implementation.Open();

    [OneTimeTearDown]
    public void FreeModel() => _model.Dispose();

    private ILanguageContext Context(int sequences = 8, int cells = 512, bool hidden = true) =>
        _model.CreateContext(new ContextOptions { CellCount = cells, MaxSequences = sequences, Exact = true, HiddenStates = hidden });

    private static TokenId[] Tokens(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => new TokenId(random.Next(3, 270)))];
    }

    /// <summary>Decodes tokens one by one in a context of their own and returns the outputs of the last.</summary>
    private (float[] Logits, float[] Hidden) Alone(params TokenId[] tokens)
    {
        using var context = Context(sequences: 1);
        var batch = new DecodeBatch(1, 1);
        foreach (var token in tokens)
        {
            batch.Clear();
            batch.Add(token, new SequenceId(0));
            context.Decode(batch, CancellationToken.None);
        }

        return (context.Logits.ToArray(), context.Hidden.ToArray());
    }

    [Test]
    public void Decode_OfSeveralSequencesInOneBatch_EqualsEachAlone()
    {
        using var context = Context();
        var prompt = Tokens(1, 9);
        context.Prefill(new SequenceId(0), prompt, CancellationToken.None);
        for (var s = 1; s < 8; s++)
            context.Fork(new SequenceId(0), new SequenceId(s));
        var batch = new DecodeBatch(8, 8);
        var continuations = Enumerable.Range(0, 8).Select(s => Tokens(100 + s, 3)).ToArray();
        for (var step = 0; step < 3; step++)
        {
            batch.Clear();
            for (var s = 7; s >= 0; s--)
                batch.Add(continuations[s][step], new SequenceId(s));
            context.Decode(batch, CancellationToken.None);
        }

        for (var s = 0; s < 8; s++)
        {
            var (logits, hidden) = Alone([.. prompt, .. continuations[s]]);
            Assert.That(Row(context.Logits, 7 - s, 8), Is.EqualTo(logits).Within(Tolerance), $"logits of sequence {s}");
            Assert.That(Row(context.Hidden, 7 - s, 8), Is.EqualTo(hidden).Within(Tolerance), $"hidden state of sequence {s}");
            Assert.That(context.Length(new SequenceId(s)), Is.EqualTo(12));
        }
    }

    [Test]
    public void Decode_OfSharedRows_EqualsSeparateRowsAndTakesFewerCells()
    {
        using var context = Context(sequences: 4, cells: 256);
        var prompt = Tokens(2, 5);
        context.Prefill(new SequenceId(0), prompt, CancellationToken.None);
        for (var s = 1; s < 4; s++)
            context.Fork(new SequenceId(0), new SequenceId(s));
        var batch = new DecodeBatch(2, 4);

        // 240 steps for two pairs of equal sequences fit 256 cells only if each pair shares its cell: 5 + 2·120.
        var steps = Tokens(3, 120);
        for (var step = 0; step < 120; step++)
        {
            batch.Clear();
            batch.Add(steps[step], new SequenceId(0));
            batch.Share(new SequenceId(2));
            batch.Add(steps[119 - step], new SequenceId(1));
            batch.Share(new SequenceId(3));
            context.Decode(batch, CancellationToken.None);
        }

        var (first, _) = Alone([.. prompt, .. steps]);
        var (second, _) = Alone([.. prompt, .. steps.Reverse()]);
        Assert.That(Row(context.Logits, 0, 2), Is.EqualTo(first).Within(Tolerance));
        Assert.That(Row(context.Logits, 1, 2), Is.EqualTo(second).Within(Tolerance));

        // Sequences that shared every row can part again.
        context.Drop(new SequenceId(0));
        var one = new DecodeBatch(1, 1);
        one.Add(prompt[0], new SequenceId(2));
        context.Decode(one, CancellationToken.None);
        Assert.That(context.Logits.ToArray(), Is.EqualTo(Alone([.. prompt, .. steps, prompt[0]]).Logits).Within(Tolerance));
    }

    [Test]
    public void Fork_OntoAUsedSlot_ReplacesIt()
    {
        using var context = Context(sequences: 2);
        var (kept, lost) = (Tokens(4, 6), Tokens(5, 9));
        context.Prefill(new SequenceId(0), kept, CancellationToken.None);
        context.Prefill(new SequenceId(1), lost, CancellationToken.None);
        context.Fork(new SequenceId(0), new SequenceId(1));
        Assert.That(context.Length(new SequenceId(1)), Is.EqualTo(6));
        var batch = new DecodeBatch(1, 1);
        batch.Add(lost[0], new SequenceId(1));
        context.Decode(batch, CancellationToken.None);
        Assert.That(context.Logits.ToArray(), Is.EqualTo(Alone([.. kept, lost[0]]).Logits).Within(Tolerance));
    }

    [Test]
    public void Drop_OfASequence_LeavesItsForksWhole()
    {
        using var context = Context(sequences: 2);
        var prompt = Tokens(6, 6);
        context.Prefill(new SequenceId(0), prompt, CancellationToken.None);
        context.Fork(new SequenceId(0), new SequenceId(1));
        context.Drop(new SequenceId(0));
        Assert.That(context.Length(new SequenceId(0)), Is.Zero);
        var batch = new DecodeBatch(1, 1);
        batch.Add(prompt[0], new SequenceId(1));
        context.Decode(batch, CancellationToken.None);
        Assert.That(context.Logits.ToArray(), Is.EqualTo(Alone([.. prompt, prompt[0]]).Logits).Within(Tolerance));
    }

    [Test]
    public void Prefill_InChunks_EqualsDecodingTokenByToken()
    {
        using var context = _model.CreateContext(new ContextOptions { CellCount = 512, MaxSequences = 1, BatchTokens = 7, Exact = true });
        var prompt = Tokens(7, 40);
        context.Prefill(new SequenceId(0), prompt, CancellationToken.None);
        var batch = new DecodeBatch(1, 1);
        batch.Add(prompt[0], new SequenceId(0));
        context.Decode(batch, CancellationToken.None);
        Assert.That(context.Logits.ToArray(), Is.EqualTo(Alone([.. prompt, prompt[0]]).Logits).Within(Tolerance));
    }

    [Test]
    public void Hidden_OfARow_IsTheNormedInputOfTheOutputMatrix()
    {
        using var context = Context(sequences: 1);
        var batch = new DecodeBatch(1, 1);
        batch.Add(new TokenId(5), new SequenceId(0));
        context.Decode(batch, CancellationToken.None);
        var hidden = context.Hidden.ToArray();

        // The test model's output norm has unit weights, so the root mean square is 1; and W·h must give the logits.
        Assert.That(Math.Sqrt(hidden.Average(x => x * x)), Is.EqualTo(1).Within(1e-3));
        var matrix = TinyModel.Spm().Tensors.Single(t => t.Name == "output.weight").Values;
        for (var v = 0; v < 10; v++)
        {
            var dot = Enumerable.Range(0, TinyModel.Width).Sum(i => (double)matrix[v * TinyModel.Width + i] * hidden[i]);
            Assert.That(context.Logits[v], Is.EqualTo(dot).Within(1e-3));
        }
    }

    [Test]
    public void Prefill_LongerThanTheContext_IsAUsageErrorWithBothNumbers()
    {
        using var context = Context(cells: 256);
        var error = Assert.Throws<GuardException>(() => context.Prefill(new SequenceId(0), Tokens(10, 257), CancellationToken.None))!;
        Assert.That(error.Fault, Is.EqualTo(GuardFault.Usage));
        Assert.That(error.Message, Does.Contain("257").And.Contain("256"));
    }

    [Test]
    public void Decode_Cancelled_ThrowsAndTakesTheStepBack()
    {
        using var context = Context(sequences: 1, cells: 4096);
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        var batch = new DecodeBatch(1, 1);
        batch.Add(new TokenId(5), new SequenceId(0));
        Assert.Throws<OperationCanceledException>(() => context.Decode(batch, cancelled.Token));

        // A prompt of many native calls, cancelled from another thread while it runs: in its midst, or in the first call.
        var expected = Alone(new TokenId(5)).Logits;
        foreach (var delayMs in (int[])[1, 10, 20, 40, 80, 160, 320])
        {
            using var later = new CancellationTokenSource(delayMs);
            var prompt = Tokens(delayMs, 4000);
            Assert.Throws<OperationCanceledException>(() =>
            {
                while (true)
                {
                    context.Prefill(new SequenceId(0), prompt, later.Token);
                    context.Drop(new SequenceId(0));
                }
            });
            Assert.That(context.Length(new SequenceId(0)), Is.Zero);
            context.Decode(batch, CancellationToken.None);
            Assert.That(context.Logits.ToArray(), Is.EqualTo(expected).Within(Tolerance), $"after {delayMs} ms");
            context.Drop(new SequenceId(0));
        }
    }

    [Test]
    public void Logits_WithoutADecode_Throws()
    {
        using var context = Context(sequences: 2, hidden: false);
        Assert.Throws<InvalidOperationException>(() => _ = context.Logits.Length);
        var batch = new DecodeBatch(1, 1);
        batch.Add(new TokenId(5), new SequenceId(0));
        context.Decode(batch, CancellationToken.None);
        Assert.That(context.Logits.Length, Is.EqualTo(_model.Info.VocabularySize));
        Assert.That(context.Hidden.IsEmpty);
        context.Prefill(new SequenceId(1), Tokens(1, 2), CancellationToken.None);
        Assert.Throws<InvalidOperationException>(() => _ = context.Logits.Length);
    }

    [Test]
    public void Decode_WithAWrongRow_SaysWhatIsWrongAndChangesNothing()
    {
        using var context = Context(sequences: 2);
        context.Prefill(new SequenceId(0), Tokens(13, 4), CancellationToken.None);
        var vocabulary = _model.Info.VocabularySize;
        (Action<DecodeBatch> Fill, string Complaint)[] wrong =
        [
            (batch => batch.Add(new TokenId(vocabulary), new SequenceId(0)), $"Token {vocabulary} is not in the vocabulary"),
            (batch => batch.Add(new TokenId(-1), new SequenceId(0)), "Token -1 is not in the vocabulary"),
            (batch => batch.Add(new TokenId(5), new SequenceId(2)), "Sequence 2 was given"),
            (batch => batch.Add(new TokenId(5), new SequenceId(-1)), "Sequence -1 was given"),
            (batch => { batch.Add(new TokenId(5), new SequenceId(0)); batch.Add(new TokenId(6), new SequenceId(0)); }, "twice in one decode step"),
            (batch => { batch.Add(new TokenId(5), new SequenceId(0)); batch.Share(new SequenceId(1)); }, "only equal sequences can share"),
            (static _ => { }, "0 rows"),
        ];
        foreach (var (fill, complaint) in wrong)
        {
            var batch = new DecodeBatch(2, 2);
            fill(batch);
            var error = Assert.Throws<GuardException>(() => context.Decode(batch, CancellationToken.None), complaint)!;
            Assert.That(error.Message, Does.Contain(complaint));
        }
        Assert.That((context.Length(new SequenceId(0)), context.Length(new SequenceId(1))), Is.EqualTo((4, 0)));

        var right = new DecodeBatch(1, 1);
        right.Add(new TokenId(5), new SequenceId(0));
        context.Decode(right, CancellationToken.None);
        Assert.That(context.Logits.ToArray(), Is.EqualTo(Alone([.. Tokens(13, 4), new TokenId(5)]).Logits).Within(Tolerance));
    }

    [Test]
    public void Prefill_OfATokenThatIsNotThere_SaysSoAndChangesNothing()
    {
        using var context = Context(sequences: 2);
        Assert.That(
            () => context.Prefill(new SequenceId(1), [new TokenId(5), new TokenId(1_000_000)], CancellationToken.None),
            Throws.TypeOf<GuardException>().With.Message.Contains("1000000"));
        Assert.That(() => context.Prefill(new SequenceId(2), [], CancellationToken.None), Throws.TypeOf<GuardException>().With.Message.Contains("Sequence 2"));
        Assert.That(context.Length(new SequenceId(1)), Is.Zero);
    }

    [Test]
    public void Outputs_OfABatch_AreRowsOfTheModelsWidths()
    {
        using var context = Context(sequences: 3);
        Assert.That((context.MaxSequences, context.MaxBatchRows), Is.EqualTo((3, 3)));
        Assert.That(context.CellCapacity, Is.GreaterThanOrEqualTo(512));
        var batch = new DecodeBatch(3, 3);
        for (var s = 0; s < 3; s++)
            Assert.That(batch.Add(new TokenId(5 + s), new SequenceId(s)), Is.EqualTo(s));
        context.Decode(batch, CancellationToken.None);
        Assert.That(context.Logits.Length, Is.EqualTo(3 * _model.Info.VocabularySize));
        Assert.That(context.Hidden.Length, Is.EqualTo(3 * _model.Info.HiddenWidth));
    }

    [Test]
    public void Context_Disposed_CanBeDisposedAgainButNotUsed()
    {
        var context = Context(sequences: 1);
        context.Dispose();
        context.Dispose();
        var batch = new DecodeBatch(1, 1);
        batch.Add(new TokenId(5), new SequenceId(0));
        Assert.Throws<ObjectDisposedException>(() => context.Decode(batch, CancellationToken.None));
        Assert.Throws<ObjectDisposedException>(() => context.Prefill(new SequenceId(0), Tokens(1, 2), CancellationToken.None));
        Assert.Throws<ObjectDisposedException>(() => context.Fork(new SequenceId(0), new SequenceId(0)));
    }

    private static float[] Row(ReadOnlySpan<float> matrix, int row, int rows) =>
        matrix.Slice(row * (matrix.Length / rows), matrix.Length / rows).ToArray();
}

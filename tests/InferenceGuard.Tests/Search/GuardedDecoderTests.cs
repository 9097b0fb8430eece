// The search, end to end, over a model whose probabilities are written down.

using InferenceGuard.Model;
using InferenceGuard.Safety;
using InferenceGuard.Scoring;
using InferenceGuard.Search;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Search;

internal sealed class GuardedDecoderTests
{
    private static readonly GuardOptions Small = new() { Beams = 8, Keep = 2, BlockTokens = 2, MaxTokens = 12, Retries = 2, Diversity = 4 };

    // "bad" costs more than the budget; "good" earns 1 each time, "great" 5.
    private static readonly ICost Cost = Phrases.Cost("""{"kind":"cost","name":"c","rules":[{"id":"bad","weight":11,"any":["bad"]},{"id":"minor","weight":4,"any":["minor"],"most":9}]}""");
    private static readonly IReward Reward = Phrases.Reward("""{"kind":"reward","name":"r","rules":[{"id":"good","weight":1,"any":["good"],"most":9},{"id":"great","weight":5,"any":["great"]}]}""");

    [Test]
    public void Generate_TemptingHazard_IsAvoidedAndTheRestIsVerified()
    {
        using var model = new TableModel(
            text => text switch
            {
                "" => Even("great", "good"),
                "great" => Even("bad"),       // the tempting way leads to the hazard within the block
                _ when text.Split(' ').Length < 4 => Even("good", "so"),
                _ => Even("."),
            }, "good", "great", "bad", "so");
        var answer = Answer(model, Small);
        Assert.That(answer.Safe, Is.True);
        Assert.That(answer.Abstained, Is.False);
        Assert.That(answer.Text, Does.Not.Contain("bad").And.Contain("good"));
        Assert.That(answer.State.Value, Is.GreaterThanOrEqualTo(0));
    }

    [Test]
    public void Generate_EveryBeamUnsafe_StrictRetriesWidensAndAbstains()
    {
        using var model = new TableModel(text => Even(text.Length == 0 ? "bad" : "."), "bad");
        var answer = Answer(model, Small);
        Assert.That(answer.Abstained, Is.True);
        Assert.That(answer.Text, Is.EqualTo(Small.AbstentionText));
        Assert.That(answer.FinishReason, Is.EqualTo(FinishReason.ContentFilter));
        Assert.That(answer.Widened, Is.True);
        Assert.That(answer.Retries, Is.EqualTo(2 * Small.Retries));
    }

    [Test]
    public void Generate_EveryBeamUnsafe_BestEffortReturnsTheTextFlaggedUnsafe()
    {
        using var model = new TableModel(text => Even(text.Length == 0 ? "bad" : "."), "bad");
        var answer = Answer(model, Small with { Mode = GuardMode.BestEffort });
        Assert.That(answer.Safe, Is.False);
        Assert.That(answer.Abstained, Is.False);
        Assert.That(answer.Text, Is.EqualTo(" bad"));
        Assert.That(answer.Cost, Is.EqualTo(11));
        Assert.That(answer.State.Value, Is.EqualTo((10 - 11) / 0.999).Within(1e-5));
    }

    [Test]
    public void Generate_UnsafeAttempt_DiversityFindsTheRareSafeWay()
    {
        // 8 beams at 2 % miss "good" in most attempts; the penalty on the rejected "bad" brings it up.
        using var model = new TableModel(
            text => text.Length == 0 ? new Dictionary<string, double> { ["bad"] = 0.9999, ["good"] = 0.0001 } : Even("."), "bad", "good");
        var steps = Steps(model, Small with { Diversity = 10, Retries = 2 }, out var answer);
        Assert.That(answer.Text, Is.EqualTo(" good"));
        Assert.That(answer.Retries, Is.GreaterThan(0));
        Assert.That(answer.Widened, Is.False);
        Assert.That(steps.Count(step => step.Retried), Is.EqualTo(answer.Retries));
    }

    [Test]
    public void Generate_EndedBeams_AreFrozenAndKeepCompeting()
    {
        // Ending at once earns 5, going on nothing: the ended beam must win unchanged, many blocks later.
        using var model = new TableModel(
            text => text switch
            {
                "" => Even("great", "so"),
                "great" => Even("."),
                _ when text.Split(' ').Length < 9 => Even("so", "on"),
                _ => Even("."),
            }, "great", "so", "on");
        var steps = Steps(model, Small with { Discount = 1 }, out var answer);
        Assert.That(answer.Text, Is.EqualTo(" great"));
        Assert.That(answer.Blocks, Is.GreaterThan(3));
        Assert.That(steps.SelectMany(step => step.Beams).Where(beam => beam.Text.StartsWith(" great", StringComparison.Ordinal)).Select(beam => beam.Text).Distinct(),
            Is.EqualTo((string[])[" great"]));
    }

    [Test]
    public void Generate_SafetyState_IsChargedByM2AtBlockEnds()
    {
        // One way only: minor (4), so | minor (4), so | end.
        using var model = new TableModel(
            text => text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length switch { 0 or 2 => Even("minor"), 1 or 3 => Even("so"), _ => Even(".") }, "minor", "so");
        var answer = Answer(model, Small with { Discount = 0.9 });
        var budget = new SafetyBudget(10, 0.9);
        var expected = budget.Charge(budget.Charge(budget.Charge(budget.Start, 4), 4), 0);
        Assert.That(answer.State.Value, Is.EqualTo(expected.Value).Within(1e-5)); // float32 state
        Assert.That(answer.Cost, Is.EqualTo(8));
    }

    [TestCase(0, 2)]
    [TestCase(1, 4)]
    public void Generate_ChargeEveryTokens_CountsCostStepsAsAsked(int every, int steps)
    {
        using var model = new TableModel(
            text => text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length < 4 ? Even("so") : Even("."), "so");
        var answer = Answer(model, Small with { Discount = 0.5, ChargeEveryTokens = every, MaxTokens = 4 });
        Assert.That(answer.State.Value, Is.EqualTo(10 / Math.Pow(0.5, steps)).Within(1e-3));
    }

    [Test]
    public void Generate_CarriedState_LeavesOnlyWhatEarlierTurnsLeft()
    {
        using var model = new TableModel(text => text.Length == 0 ? Even("minor", "good") : Even("."), "minor", "good");
        using var decoder = new GuardedDecoder(model, Cost, Reward, Small);
        var answer = decoder.Generate([new ChatMessage("user", "?")], new SafetyState(3)).Last().Answer!;
        Assert.That(answer.Text, Is.EqualTo(" good"));
        Assert.That(answer.State.Value, Is.EqualTo(3 / 0.999).Within(1e-5));
    }

    [Test]
    public void Generate_EqualChildren_ShareOneRowAndAreDropped()
    {
        using var model = new TableModel(
            text => text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length < 6 ? Even("so") : Even("."), "so");
        var steps = Steps(model, Small, out var answer);
        Assert.That(model.DecodedRows, Is.All.EqualTo(1));
        Assert.That(answer.DecodedTokens, Is.EqualTo(model.DecodedRows.Count));
        Assert.That(answer.SampledTokens, Is.GreaterThan(answer.DecodedTokens * 4));
        Assert.That(steps.SelectMany(step => step.Beams).Count(beam => beam.Verdict == BeamVerdict.Kept && beam.Text == " so so"), Is.EqualTo(1));
        Assert.That(steps[0].Beams.Count(beam => beam.Verdict == BeamVerdict.Duplicate), Is.EqualTo(7));
    }

    [Test]
    public void Generate_TemperatureZero_FollowsTheMostProbableText()
    {
        using var model = new TableModel(
            text => text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length < 3 ? new Dictionary<string, double> { ["so"] = 0.6, ["good"] = 0.4 } : Even("."), "so", "good");
        Assert.That(Answer(model, Small with { Temperature = 0 }).Text, Is.EqualTo(" so so so"));
    }

    [Test]
    public void Generate_SameSeed_GivesTheSameAnswerAndAnotherSeedAnother()
    {
        TableModel Model() => new(text => text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length < 10 ? Even("a", "b", "d", "e") : Even("."), "a", "b", "d", "e");
        string Run(ulong seed)
        {
            using var model = Model();
            return Answer(model, Small with { Seed = seed }).Text;
        }
        var first = Run(5);
        Assert.That(Run(5), Is.EqualTo(first));
        Assert.That(Enumerable.Range(1, 5).Select(seed => Run((ulong)seed)).Distinct().Count(), Is.GreaterThan(1));
    }

    [Test]
    public void Generate_LengthLimit_EndsTheBeamsWithReasonLength()
    {
        using var model = new TableModel(static _ => Even("so", "good"), "so", "good");
        var answer = Answer(model, Small with { MaxTokens = 5 });
        Assert.That(answer.AnswerTokens, Is.EqualTo(5));
        Assert.That(answer.FinishReason, Is.EqualTo(FinishReason.Length));
    }

    [Test]
    public void Generate_SafeEndedBeamOutscoredByDoomedPrefixes_IsReturnedFromTheReserve()
    {
        // "good good" and "good so" promise more than the refusal "so.", but can only go on to "bad".
        using var model = new TableModel(
            text => text switch
            {
                "" => new Dictionary<string, double> { ["good"] = 0.7, ["so"] = 0.3 },
                "so" => Even("."),
                "good" => Even("good", "so"),
                _ => Even("bad"),
            }, "good", "so", "bad");
        var answer = Answer(model, Small with { Keep = 2, Beams = 16 });
        Assert.That(answer.Text, Is.EqualTo(" so"));
        Assert.That(answer.Abstained, Is.False);
    }

    [Test]
    public void Generate_Finished_LeavesNoSequenceBehindButTheBank()
    {
        using var model = new TableModel(text => text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length < 5 ? Even("a", "b") : Even("."), "a", "b");
        Answer(model, Small);
        Assert.That(model.OccupiedSequences, Is.Zero);
    }

    [Test]
    public void Generate_Cancelled_StopsWithinOneStep()
    {
        using var model = new TableModel(static _ => Even("so", "good"), "so", "good");
        using var decoder = new GuardedDecoder(model, Cost, Reward, Small);
        using var source = new CancellationTokenSource();
        var decodes = 0;
        Assert.That(() =>
        {
            foreach (var _ in decoder.Generate([new ChatMessage("user", "?")], cancellation: source.Token))
            {
                source.Cancel();
                decodes = model.DecodedRows.Count;
            }
        }, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(model.DecodedRows, Has.Count.EqualTo(decodes));
    }

    [TestCase(null)]
    [TestCase("")]
    [TestCase(" \n")]
    public void Generate_EmptyPrompt_IsAUsageError(string? prompt)
    {
        using var model = new TableModel(static _ => Even("."));
        using var decoder = new GuardedDecoder(model, Cost, Reward, Small);
        Assert.That(() => decoder.Answer(prompt ?? ""), Throws.TypeOf<GuardException>().With.Property("Fault").EqualTo(GuardFault.Usage));
    }

    [Test]
    public void Generate_AnswerLongerThanTheContext_IsAUsageErrorWithTheSizes()
    {
        using var model = new TableModel(static _ => Even("."));
        using var decoder = new GuardedDecoder(model, Cost, Reward, Small with { MaxTokens = 1000 });
        Assert.That(() => decoder.Answer("?"), Throws.TypeOf<GuardException>().With.Message.Contains("1000"));
    }

    private static GuardedAnswer Answer(TableModel model, GuardOptions options)
    {
        using var decoder = new GuardedDecoder(model, Cost, Reward, options);
        return decoder.Answer("?");
    }

    private static List<Snapshot> Steps(TableModel model, GuardOptions options, out GuardedAnswer answer)
    {
        using var decoder = new GuardedDecoder(model, Cost, Reward, options);
        var steps = new List<Snapshot>();
        answer = null!;
        foreach (var step in decoder.Generate([new ChatMessage("user", "?")]))
        {
            if (step.Answer is not null)
                answer = step.Answer;
            else
                steps.Add(new(step.IsRetried, [.. Enumerable.Range(0, step.Children).Union(step.Candidates.ToArray())
                    .Select(slot => (model.Vocabulary.Detokenize(step.Beams.Tokens(slot)), step.Beams.Verdict[slot]))]));
        }
        return steps;
    }

    private static Dictionary<string, double> Even(params string[] words) => words.ToDictionary(static word => word, _ => 1.0 / words.Length);

    private sealed record Snapshot(bool Retried, List<(string Text, BeamVerdict Verdict)> Beams);
}

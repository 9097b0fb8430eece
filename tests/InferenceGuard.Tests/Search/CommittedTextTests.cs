// What a search commits before it has ended: it is kept, it is within the budget, and it comes in time.

using InferenceGuard.Model;
using InferenceGuard.Safety;
using InferenceGuard.Scoring;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Search;

internal sealed class CommittedTextTests
{
    private static readonly PhraseCost Cost = Phrases.Cost("""{"kind":"cost","name":"c","rules":[{"id":"bad","weight":11,"any":["bad"],"most":9},{"id":"minor","weight":4,"any":["minor"],"most":9},{"id":"oops","weight":6,"any":["oops"],"most":9},{"id":"fix","weight":-6,"any":["fix"],"most":9}]}""");
    private static readonly PhraseReward Reward = Phrases.Reward("""{"kind":"reward","name":"r","rules":[{"id":"good","weight":1,"any":["good"],"most":99}]}""");
    private static readonly string[] Words = ["good", "so", "minor", "bad", "oops", "fix"];

    [Test]
    public void Generate_AnySearch_CommitsOnlyBeginningsOfItsAnswerWithinTheBudget([Values(0, 1, 2)] int lag, [Values(1, 3, 8)] int keep, [Values(1, 2, 5)] int block)
    {
        var (committedLengths, failed) = (0, 0);
        for (ulong seed = 1; seed <= 40; seed++)
        {
            using var model = Babble();
            using var decoder = new GuardedDecoder(model, Cost, Reward, new() { Beams = 8, Keep = keep, BlockTokens = block, MaxTokens = 20, Commits = true, CommitLag = lag, Seed = seed, Discount = 0.9 });
            var (committed, budget) = ("", new SafetyBudget(10, 0.9));
            GuardedAnswer? answer = null;
            var hasWidened = false;
            foreach (var step in decoder.Generate([new ChatMessage("user", "?")]))
            {
                Assert.That(step.Pass == 1 && !hasWidened && committed.Length > 0, Is.False, "what was shown is not begun anew");
                hasWidened = step.Pass == 1;
                var now = model.Vocabulary.Detokenize(step.Committed);
                Assert.That(now, Does.StartWith(committed), "nothing is taken back");
                committed = now;
                Assert.That(Cost.Score("?", committed, ended: false), Is.LessThanOrEqualTo(10));
                Assert.That(step.Committed.Length % block, Is.Zero, "whole blocks");
                var z = budget.Start;
                var before = 0.0;
                for (var end = block; end <= step.Committed.Length; end += block)
                {
                    var total = Cost.Score("?", model.Vocabulary.Detokenize(step.Committed[..end]), ended: false);
                    z = budget.Charge(z, total - before);
                    before = total;
                }
                Assert.That(step.CommittedState.Value, Is.EqualTo(z.Value).Within(1e-4), "z is that of M2"); // float32 state
                Assert.That(z.Value, Is.GreaterThanOrEqualTo(-1e-4));
                answer = step.Answer;
            }
            if (answer!.Abstained)
                failed++;
            else
                Assert.That(answer.Text, Does.StartWith(committed));
            committedLengths += committed.Length;
        }
        if (keep == 1 || lag > 0)
            Assert.That(committedLengths, Is.GreaterThan(40), "something was shown early");
        Assert.That(failed, Is.LessThan(40));
    }

    [Test]
    public void Generate_WithALag_HoldsBackNoMore()
    {
        using var model = new TableModel(static text => Count(text) < 18 ? new Dictionary<string, double> { ["good"] = 0.5, ["so"] = 0.5 } : new Dictionary<string, double> { ["."] = 1 }, Words);
        using var decoder = new GuardedDecoder(model, Cost, Reward, new() { Beams = 16, Keep = 8, BlockTokens = 2, MaxTokens = 20, Commits = true, CommitLag = 2 });
        foreach (var step in decoder.Generate([new ChatMessage("user", "?")]))
            if (step.Answer is null && !step.IsRetried)
                Assert.That(step.Committed.Length, Is.GreaterThanOrEqualTo(step.Beams.Length[step.Kept[0]] / 2 * 2 - 4), $"block {step.Block}");
    }

    [Test]
    public void Generate_Committing_DoesNotChangeASearchWithoutALag()
    {
        for (ulong seed = 1; seed <= 20; seed++)
        {
            using var model = Babble();
            var options = new GuardOptions { Beams = 8, Keep = 4, BlockTokens = 3, MaxTokens = 20, Seed = seed };
            using var plain = new GuardedDecoder(model, Cost, Reward, options);
            using var committing = new GuardedDecoder(model, Cost, Reward, options with { Commits = true });
            var (one, other) = (plain.Answer("?"), committing.Answer("?"));
            if (!one.Widened)
                Assert.That(other.Text, Is.EqualTo(one.Text));
        }
    }

    [Test]
    public void Generate_ATimeLimit_ReturnsTheBestVerifiedAnswerSoFarOrNone()
    {
        using var model = new TableModel(static text => Count(text) == 0 ? new Dictionary<string, double> { ["good"] = 0.5, ["so"] = 0.5 } : text == "good" ? new Dictionary<string, double> { ["."] = 0.5, ["so"] = 0.5 } : new Dictionary<string, double> { ["so"] = 1 }, Words);
        using var decoder = new GuardedDecoder(model, Cost, Reward, new() { Beams = 8, Keep = 4, BlockTokens = 1, MaxTokens = 400, Discount = 1 });
        var all = decoder.Answer("?");
        var options = new GuardOptions { Beams = 8, Keep = 4, BlockTokens = 1, MaxTokens = 400, Discount = 1, TimeLimit = TimeSpan.FromTicks(1) };
        var none = decoder.Generate([new ChatMessage("user", "?")], asked: options).Last().Answer!;
        Assert.That(none.Abstained, Is.True);
        Assert.That(none.Blocks, Is.Zero);
        // Slowed down by its reader, the search is over its limit after some blocks, and a short answer has ended by then.
        GuardedAnswer? some = null;
        foreach (var step in decoder.Generate([new ChatMessage("user", "?")], asked: options with { TimeLimit = TimeSpan.FromMilliseconds(300) }))
        {
            Thread.Sleep(20);
            some = step.Answer;
        }
        Assert.That(some!.Abstained, Is.False);
        Assert.That(some.Blocks, Is.LessThan(all.Blocks));
        Assert.That(some.Text, Does.StartWith(" good"));
    }

    [Test]
    public void Generate_RawText_IsContinuedWithoutATemplate()
    {
        using var model = new TableModel(static _ => new Dictionary<string, double> { ["."] = 1 }, Words);
        using var decoder = new GuardedDecoder(model, Cost, Reward, new() { Beams = 2, Keep = 1 });
        var raw = decoder.Generate([new ChatMessage(ChatMessage.Raw, "good so")]).Last().Answer!;
        Assert.That(raw.PromptTokens, Is.EqualTo(model.Vocabulary.Tokenize("good so", parseSpecial: false).Length + (model.Vocabulary.AddsBeginOfText ? 1 : 0)));
    }

    private static int Count(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;

    private static TableModel Babble() => new(
        static text => Count(text) < 15 ? new Dictionary<string, double> { ["good"] = 0.3, ["so"] = 0.3, ["minor"] = 0.12, ["bad"] = 0.08, ["oops"] = 0.1, ["fix"] = 0.1 } : new Dictionary<string, double> { ["."] = 1 },
        Words);
}

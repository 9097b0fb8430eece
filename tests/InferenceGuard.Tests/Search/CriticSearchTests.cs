// The search with a critic, over a model whose probabilities and a critic whose predictions are written down.

using InferenceGuard.Model;
using InferenceGuard.Scoring;
using InferenceGuard.Search;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Search;

internal sealed class CriticSearchTests
{
    private static readonly GuardOptions Small = new() { Beams = 8, Keep = 2, BlockTokens = 2, MaxTokens = 12, Retries = 2, Diversity = 4 };
    private static readonly ICost Cost = Phrases.Cost("""{"kind":"cost","name":"c","rules":[{"id":"bad","weight":11,"any":["bad"]}]}""");
    private static readonly IReward Reward = Phrases.Reward("""{"kind":"reward","name":"r","rules":[{"id":"lure","weight":50,"any":["lure"]},{"id":"good","weight":30,"any":["good"]}]}""");

    [Test]
    public void Generate_TrapThatPrefixRewardPrefers_IsRejectedBeforeItCloses()
    {
        using var model = Trap();
        var steps = Steps(model, Small, hasCritic: true, out var answer);
        Assert.That(answer.Text, Is.EqualTo(" good so so so"));
        Assert.That(steps.Any(static step => step.Rejected.Contains(" lure so")), "the critic rejects the lure at the first block's end");
        Assert.That(steps.Any(static step => step.OverBudget), Is.False, "no beam runs into the hazard");
        _ = Steps(model, Small, hasCritic: false, out _).Single(static step => step.OverBudget); // Without a critic the search walks into it.
    }

    [Test]
    public void Generate_NoBeamPassesTheCritic_RetriesAndKeepsTheLikeliestSafeOne()
    {
        using var model = new TableModel(static text => text.Length == 0 ? Even("lure", "good") : text.Split(' ').Length < 4 ? Even("so") : Even("."), "lure", "good", "so")
        {
            Hidden = static _ => WrittenCritic.State(isSafe: false, 30),
        };
        var steps = Steps(model, Small, hasCritic: true, out var answer);
        Assert.That(steps[0].Safe, Is.Zero);
        Assert.That(answer.Retries, Is.EqualTo(4), "M further attempts at each of the two blocks that leave beams live");
        Assert.That(answer.Safe, Is.True, "a prediction does not decide about an answer: its cost does");
    }

    [Test]
    public void Generate_EndedBeamBeatsEveryPrediction_EndsTheSearch()
    {
        // "good" ends at once with reward 30; the critic expects 25 of the other way, which would take 12 tokens.
        using var model = new TableModel(static text => text.Length == 0 ? Even("good", "so") : text == "good" ? Even(".") : Even("so"), "good", "so")
        {
            Hidden = static _ => WrittenCritic.State(isSafe: true, 25),
        };
        _ = Steps(model, Small, hasCritic: true, out var answer);
        Assert.That(answer.Text, Is.EqualTo(" good"));
        Assert.That(answer.Blocks, Is.EqualTo(1));
        _ = Steps(model, Small, hasCritic: false, out var without);
        Assert.That(without.Blocks, Is.GreaterThan(1));
    }

    [Test]
    public void Generate_CriticExpectsMoreThanAnEndedBeamHas_GoesOn()
    {
        using var model = new TableModel(static text => text.Length == 0 ? Even("good", "so") : text == "good" || text.Contains("lure", StringComparison.Ordinal) ? Even(".") : text == "so" ? Even("so") : Even("lure"), "good", "so", "lure")
        {
            Hidden = static _ => WrittenCritic.State(isSafe: true, 50),
        };
        _ = Steps(model, Small, hasCritic: true, out var answer);
        Assert.That(answer.Text, Is.EqualTo(" so so lure"));
    }

    [Test]
    public void Generate_WithCritic_DecodesNoTokenTwice()
    {
        using var model = new TableModel(static text => text.Split(' ').Length < 6 ? Even("so") : Even("."), "so")
        {
            Hidden = static _ => WrittenCritic.State(isSafe: true, 30),
        };
        _ = Steps(model, Small, hasCritic: true, out var answer);
        Assert.That(answer.AnswerTokens, Is.EqualTo(6));
        Assert.That(answer.DecodedTokens, Is.EqualTo(7), "the prompt's last token and six of the answer; equal beams share a row");
    }

    [Test]
    public void Constructor_CriticForAnotherShape_IsRefused()
    {
        using var model = Trap();
        using var other = new TableModel(static _ => Even("."), "one");
        Assert.That(() => new GuardedDecoder(model, Cost, Reward, Small, critic: WrittenCritic.For(other.Info)),
            Throws.TypeOf<GuardException>().With.Message.Contains("V = 3").And.Message.Contains("V = 6"));
    }

    [Test]
    public void Generate_PredictionThatIsNoNumber_EndsTheGeneration()
    {
        using var model = new TableModel(static text => text.Length == 0 ? Even("so") : Even("so"), "so") { Hidden = static _ => [float.NaN, 1] };
        Assert.That(() => Steps(model, Small, hasCritic: true, out _), Throws.TypeOf<GuardException>().With.Property("Fault").EqualTo(GuardFault.Generation));
    }

    [Test]
    public void Generate_WithCritic_SumsTheHiddenStatesOfEveryBeamsOwnText()
    {
        static float[] Hidden(string text) => WrittenCritic.State(isSafe: true, 20 + text.Length % 7);
        using var model = new TableModel(static text => text.Split(' ').Length < 7 ? Even("so", "lure", "good") : Even("."), "so", "lure", "good") { Hidden = Hidden };
        using var decoder = new GuardedDecoder(model, Cost, Reward, Small, critic: WrittenCritic.For(model.Info));
        var checks = 0;
        foreach (var step in decoder.Generate([new ChatMessage("user", "?")]))
            foreach (var slot in step.Candidates.ToArray().Where(step.Beams.IsLive))
            {
                var words = model.Vocabulary.Detokenize(step.Beams.Tokens(slot)).Split(' ', StringSplitOptions.RemoveEmptyEntries);
                var expected = Enumerable.Range(0, words.Length + 1).Sum(count => Hidden(string.Join(' ', words[..count]))[1]);
                Assert.That(step.Beams.HiddenSum(slot)[1], Is.EqualTo(expected), string.Join(' ', words));
                checks++;
            }
        Assert.That(checks, Is.GreaterThan(5));
    }

    // "lure" earns more at once and leads to "bad" for certain, two blocks later.
    private static TableModel Trap() => new(
        static text => text switch
        {
            "" => Even("lure", "good"),
            _ when text.Split(' ').Length < 4 => Even("so"),
            _ when text.StartsWith("lure", StringComparison.Ordinal) && !text.Contains("bad", StringComparison.Ordinal) => Even("bad"),
            _ => Even("."),
        }, "lure", "good", "bad", "so")
    {
        Hidden = static text => WrittenCritic.State(!text.StartsWith("lure", StringComparison.Ordinal), text.StartsWith("lure", StringComparison.Ordinal) ? 50 : 30),
    };

    private static List<(int Safe, bool OverBudget, string[] Rejected)> Steps(TableModel model, GuardOptions options, bool hasCritic, out GuardedAnswer answer)
    {
        using var decoder = new GuardedDecoder(model, Cost, Reward, options, critic: hasCritic ? WrittenCritic.For(model.Info) : null);
        var steps = new List<(int, bool, string[])>();
        GuardedAnswer? last = null;
        foreach (var step in decoder.Generate([new ChatMessage("user", "?")]))
        {
            last = step.Answer;
            var candidates = step.Candidates.ToArray();
            steps.Add((step.SafeCount,
                candidates.Any(slot => step.Beams.Verdict[slot] == BeamVerdict.OverBudget),
                [.. candidates.Where(slot => step.Beams.Verdict[slot] == BeamVerdict.Rejected).Select(slot => model.Vocabulary.Detokenize(step.Beams.BlockTokens(slot)))]));
        }
        answer = last!;
        return steps;
    }

    private static Dictionary<string, double> Even(params string[] words) => words.ToDictionary(static word => word, _ => 1.0 / words.Length);
}

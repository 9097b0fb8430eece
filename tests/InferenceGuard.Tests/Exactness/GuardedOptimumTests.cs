// The search against the best safe text that there is.

using InferenceGuard.Critic;
using InferenceGuard.Search;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Exactness;

/// <summary>Every token is chosen: the optimum is one text, found by looking at all.</summary>
internal sealed class GuardedOptimumTests
{
    // A block has at most 21 continuations, the rarest of those that matter with a probability of a few percent.
    private const int Many = 192;

    // Searches take most of the time of these tests.
    private const int Questions = 5;

    [TestCase(0)]
    [TestCase(10)]
    public void Answer_ManyBeams_IsTheBestSafeText(double budget)
    {
        foreach (var (answer, best) in Answers(RestrictedHearth.Options with { Beams = Many, Budget = budget }, null))
            Assert.That(answer.Reward, Is.EqualTo(best), answer.Text);
    }

    // f¹ is about the model's own continuations. That many of them end unsafely is no reason to give up a prefix where the best of
    // all continuations is asked for, so the threshold is 0.
    [Test]
    public void Answer_ManyBeamsAndCritic_IsTheBestSafeText()
    {
        foreach (var (answer, best) in Answers(RestrictedHearth.Options with { Beams = Many, CriticThreshold = 0 }, RestrictedHearth.Critic))
            Assert.That(answer.Reward, Is.EqualTo(best), answer.Text);
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Answer_FewBeams_IsSafeButNotAlwaysTheBest(bool hasCritic)
    {
        var answers = Answers(RestrictedHearth.Options with { Beams = 2 }, hasCritic ? RestrictedHearth.Critic : null).ToArray();
        Assert.That(answers, Has.All.Matches<(GuardedAnswer Answer, double Best)>(static one => one.Answer.Reward <= one.Best));
        Assert.That(answers, Has.Some.Matches<(GuardedAnswer Answer, double Best)>(static one => one.Answer.Reward < one.Best));
    }

    // Every answer, held against the text of the process that it is, and the best reward of any safe text.
    private static IEnumerable<(GuardedAnswer Answer, double Best)> Answers(GuardOptions options, LatentCritic? critic)
    {
        using var model = RestrictedHearth.Open();
        using var decoder = new GuardedDecoder(model, RestrictedHearth.Cost, RestrictedHearth.Reward, options, critic: critic);
        var (drawn, chosen) = (new AugmentedProcess(options, static _ => false), new AugmentedProcess(options, static _ => true));
        foreach (var prompt in RestrictedHearth.Prompts.Take(Questions))
        {
            Place start = new(RestrictedHearth.Answers[prompt], options.Budget);
            Place[] texts = [.. drawn.Walk(start, static _ => 0).Select(static end => end.End)];
            // (M9) asks for the undiscounted cost too.
            var safe = texts.Where(end => end.IsSafe && end.Charged <= options.Budget).ToArray();
            var best = safe.MaxBy(chosen.Discounted)!;
            Assert.That(texts.Max(static end => end.Reward), Is.GreaterThan(best.Reward), "the richest text is unsafe");
            Assert.That(chosen.Value(start, chosen.Augmented(options.Penalty)), Is.EqualTo(chosen.Discounted(best)).Within(1e-9), "dynamic programming and enumeration");

            var answer = decoder.Answer(prompt);
            if (answer.Abstained) // Safe, and worth nothing.
            {
                yield return (answer, best.Reward);
                continue;
            }
            var end = texts.Single(end => end.Node.Text == answer.Text && end.End == (answer.FinishReason == FinishReason.Stop ? EndReason.EndOfText : EndReason.Length));
            Assert.That(safe, Does.Contain(end), answer.Text);
            Assert.That(Recount(end), Is.LessThanOrEqualTo(options.Budget), answer.Text);
            Assert.That(answer.Reward, Is.EqualTo(end.Reward));
            Assert.That(answer.State.Value, Is.EqualTo(end.State).Within(1e-6 + 1e-6 * Math.Abs(end.State)), "z, which the search keeps in float32");
            yield return (answer, best.Reward);
        }
    }

    private static double Recount(Place end) => new PhraseRecount(end.Node.Text).Score(RestrictedHearth.CostFile, "", end.End == EndReason.EndOfText);
}

// All methods by name: what they count, what they need, and what beams compete for.

using InferenceGuard.Methods;
using InferenceGuard.Model;
using InferenceGuard.Scoring;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Methods;

internal sealed class AnswerMethodsTests
{
    private const int TokensPerCharge = 3, TopK = 4;

    private static readonly Dictionary<string, double> s_rewards = new() { ["lure"] = 50, ["good"] = 30 };
    private static readonly Dictionary<string, double> s_costs = new() { ["bad"] = 11 };

    private static readonly MethodOptions s_small = new()
    {
        Guard = new() { Beams = 6, Keep = 2, BlockTokens = TokensPerCharge, MaxTokens = 8 }, Samples = 5, ArgsTopK = TopK, ArgsWeight = 0.01, ControlSteps = 2, ControlStepSize = 0.05,
    };

    private static readonly Lazy<string> s_path = new(() => MarkovModel.Write("methods.gguf",
        ("?", "good lure so"), ("good", ". so so lure"), ("so", "so so good lure bad ."), ("lure", "so bad"), ("bad", ". so")));

    private static IEnumerable<string> Known => AnswerMethods.Known;

    [TestCaseSource(nameof(Known))]
    public void Answer_EveryMethod_CountsWhatItDecodesAndSamples(string method)
    {
        using var loaded = LlamaCppModel.Load(s_path.Value, TinyModel.OneThread);
        var ends = new HashSet<FinishReason>();
        for (var seed = 1UL; seed <= 6; seed++)
        {
            var model = new CountedModel(loaded);
            var (answer, _, _) = Answer(model, method, s_small with { Guard = s_small.Guard with { Seed = seed } });
            var (tokens, end) = (answer.AnswerTokens, answer.FinishReason == FinishReason.Stop ? 1 : 0);
            Assert.That(answer.DecodedTokens, Is.EqualTo(model.DecodedRows));
            Assert.That(answer.SampledTokens, IsSingle(method) ? Is.EqualTo(tokens + end) : Is.GreaterThanOrEqualTo(tokens + end));
            if (IsSingle(method))
                Assert.That(answer.DecodedTokens, Is.EqualTo(tokens + end), "the prompt's last token and all but the answer's last");
            Assert.That(answer.Cost, Is.EqualTo(11 * Occurrences(answer, "bad")));
            Assert.That(answer.Reward, Is.EqualTo(answer.Abstained ? 0 : 50 * Occurrences(answer, "lure") + 30 * Occurrences(answer, "good")));
            Assert.That(answer.Safe, Is.EqualTo(answer.Cost <= 10));
            ends.Add(answer.FinishReason);
        }
        if (!method.StartsWith("args", StringComparison.Ordinal) || method.Contains("sampled", StringComparison.Ordinal))
            Assert.That(ends, Does.Contain(FinishReason.Stop), "data that can fail; the greedy rules give every seed the same answer");
    }

    [TestCaseSource(nameof(Known))]
    public void Answer_EveryMethod_AsksCostAndRewardAsOftenAsItsRuleNeeds(string method)
    {
        using var model = LlamaCppModel.Load(s_path.Value, TinyModel.OneThread);
        for (var seed = 1UL; seed <= 6; seed++)
        {
            var (answer, costs, rewards) = Answer(model, method, s_small with { Guard = s_small.Guard with { Seed = seed } });
            var (tokens, isEnded) = (answer.AnswerTokens, answer.FinishReason == FinishReason.Stop);
            var charges = isEnded ? tokens / TokensPerCharge + 1 : (tokens + TokensPerCharge - 1) / TokensPerCharge;
            var candidates = TopK * answer.SampledTokens;
            var borders = Enumerable.Range(1, tokens).Count(length => length % TokensPerCharge == 0 && length < s_small.Guard.MaxTokens);
            // The whole text is scored once more by the cost, and by nothing else.
            (long, long)? expected = method switch
            {
                "base" => (charges + 1, charges),
                "args" or "args-sampled" => (charges + 1, candidates + charges),
                "args+lagrangian" or "args-sampled+lagrangian" => (candidates + charges + 1, candidates + charges),
                "args+cost" or "args-sampled+cost" => (candidates + charges + 1, charges),
                _ when method.StartsWith("re-control", StringComparison.Ordinal) => (borders + charges + 1, borders + charges),
                _ => null,
            };
            if (expected is { } counts)
                Assert.That((costs, rewards), Is.EqualTo(counts), $"seed {seed}");
            else
                Assert.That((costs > 1, rewards > 1), Is.EqualTo((true, true)));
        }
    }

    [TestCase("beam-search", " lure bad", false)]
    [TestCase("beam-search+augmented", " good so", true)]
    [TestCase("beam-search+lagrangian", " good so", true)]
    public void Answer_BeamSearchBeforeATrap_FollowsItsObjective(string method, string text, bool isSafe)
    {
        using var model = Trap();
        var (answer, _, _) = Answer(model, method, s_small with { Guard = s_small.Guard with { BlockTokens = 1 } });
        Assert.That((answer.Text, answer.Safe, answer.Retries, answer.Widened), Is.EqualTo((text, isSafe, 0, false)));
    }

    [TestCase(1.7, " lure bad")]
    [TestCase(1.9, " good so")]
    public void Answer_BeamSearchWithLagrangian_WeighsCostByLambda(double lambda, string text)
    {
        using var model = Trap(); // 50 − 11 λ against 30: they are equal at 1.82.
        Assert.That(Answer(model, "beam-search+lagrangian", s_small with { Guard = s_small.Guard with { BlockTokens = 1, Lambda = lambda } }).Answer.Text, Is.EqualTo(text));
    }

    [Test]
    public void Answer_BeamSearchWhereAllIsUnsafe_GivesTheBestWithoutAbstaining()
    {
        using var model = new TableModel(static text => new Dictionary<string, double> { [text.Length == 0 ? "lure" : text == "lure" ? "bad" : "."] = 1 }, "lure", "bad");
        var (answer, _, _) = Answer(model, "beam-search+augmented", s_small);
        Assert.That((answer.Text, answer.Safe, answer.Abstained), Is.EqualTo((" lure bad", false, false)));
    }

    [Test]
    public void Create_UnknownMethod_ListsTheKnown()
    {
        using var model = Trap();
        Assert.That(() => Answer(model, "beam", s_small), Throws.TypeOf<GuardException>()
            .With.Message.StartsWith("The method is 'beam'; known are base, best-of-n,").And.Message.Contains("inferenceguard+critic").And.Property("Fault").EqualTo(GuardFault.Usage));
    }

    [Test]
    public void Create_MethodThatNeedsACritic_SaysHowToMakeOne()
    {
        using var model = Trap();
        foreach (var method in Known)
            Assert.That(() => AnswerMethods.Create(method, model, Phrases.Cost(s_costs), Phrases.Reward(s_rewards), s_small, null).Dispose(),
                method.Contains("critic", StringComparison.Ordinal) || method.Contains("re-control", StringComparison.Ordinal)
                    ? Throws.TypeOf<GuardException>().With.Message.Contains($"{method} needs a critic").And.Message.Contains("--critic FILE")
                    : Throws.Nothing);
    }

    [Test]
    public void Create_CriticOfAnotherShape_IsRefused()
    {
        using var model = Trap();
        using var other = new TableModel(static _ => new Dictionary<string, double> { ["."] = 1 }, "one");
        Assert.That(() => AnswerMethods.Create(AnswerMethods.WithCritic, model, Phrases.Cost(s_costs), Phrases.Reward(s_rewards), s_small, WrittenCritic.For(other.Info)),
            Throws.TypeOf<GuardException>().With.Message.Contains("V = 3"));
    }

    private static IEnumerable<TestCaseData> OutOfRange()
    {
        yield return new TestCaseData(s_small with { Samples = 0 }, "--samples is 0").SetArgDisplayNames("samples");
        yield return new TestCaseData(s_small with { Samples = 100_001 }, "--samples is 100001").SetArgDisplayNames("many samples");
        yield return new TestCaseData(s_small with { ArgsTopK = 0 }, "--args-top-k is 0").SetArgDisplayNames("args top k");
        yield return new TestCaseData(s_small with { ArgsWeight = -1 }, "--args-weight is -1").SetArgDisplayNames("args weight");
        yield return new TestCaseData(s_small with { ArgsWeight = double.NaN }, "--args-weight is NaN").SetArgDisplayNames("args weight NaN");
        yield return new TestCaseData(s_small with { ControlSteps = -1 }, "--control-steps is -1").SetArgDisplayNames("control steps");
        yield return new TestCaseData(s_small with { ControlStepSize = double.PositiveInfinity }, "--control-step-size is").SetArgDisplayNames("control step size");
        yield return new TestCaseData(s_small with { Guard = new() { Beams = 0 } }, "--beams is 0").SetArgDisplayNames("beams");
    }

    [TestCaseSource(nameof(OutOfRange))]
    public void Create_OptionOutOfRange_IsNamed(MethodOptions options, string complaint)
    {
        using var model = Trap();
        Assert.That(() => Answer(model, "base", options), Throws.TypeOf<GuardException>().With.Message.StartsWith(complaint));
    }

    private static bool IsSingle(string method) => method == AnswerMethods.Base || method.StartsWith("args", StringComparison.Ordinal) || method.StartsWith("re-control", StringComparison.Ordinal);

    private static int Occurrences(GuardedAnswer answer, string word) => answer.Text.Split(' ').Count(part => part == word);

    // "lure" earns more at once and leads to "bad" for certain.
    private static TableModel Trap() => new(static text => text switch
    {
        "" => new Dictionary<string, double> { ["lure"] = 0.5, ["good"] = 0.5 },
        "lure" => new() { ["bad"] = 1 },
        "good" => new() { ["so"] = 1 },
        _ => new() { ["."] = 1 },
    }, "lure", "good", "bad", "so");

    private static (GuardedAnswer Answer, long Costs, long Rewards) Answer(ILanguageModel model, string method, MethodOptions options)
    {
        var (costs, rewards) = (new CallCount(), new CallCount());
        using var answers = AnswerMethods.Create(
            method, model, costs.Of(Phrases.Cost(s_costs)), rewards.Of(Phrases.Reward(s_rewards)), options, AnswerMethods.NeedsCritic(method) ? SeededCritic.For(model.Info, 1) : null);
        return (answers.Answer([new ChatMessage("user", "?")], default), costs.Texts, rewards.Texts);
    }
}

// Best-of-n over a model whose probabilities are written down, against a recount of every answer that it samples.

using InferenceGuard.Compute;
using InferenceGuard.Methods;
using InferenceGuard.Model;
using InferenceGuard.Search;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Methods;

internal sealed class BestOfNTests
{
    private const int MostTokens = 12, TokensPerCharge = 2;
    private const double Discount = 0.9, Budget = 5, Lambda = 2;

    private static readonly string[] s_words = ["so", "good", "lure", "bad"];
    private static readonly Dictionary<string, double> s_rewards = new() { ["good"] = 3, ["lure"] = 5, ["so"] = -0.25 };
    private static readonly Dictionary<string, double> s_costs = new() { ["bad"] = 4, ["lure"] = 1.5 };

    private static readonly MethodOptions s_options = new()
    {
        Guard = new() { MaxTokens = MostTokens, BlockTokens = TokensPerCharge, Budget = Budget, Discount = Discount, Lambda = Lambda },
    };

    [TestCase("best-of-n")]
    [TestCase("best-of-n+lagrangian")]
    [TestCase("best-of-n+augmented")]
    public void Answer_Objective_IsTheBestOfItsSamples(string method)
    {
        var chosen = new HashSet<string>();
        for (var seed = 1UL; seed <= 12; seed++)
        {
            var samples = Samples(seed, 40);
            var best = samples.Max(sample => Value(method, sample));
            var answer = Answer(method, seed, 40, out _);
            var own = samples.First(sample => sample.Text == answer.Text);
            Assert.That(Value(method, own), Is.EqualTo(best).Within(1e-9), $"seed {seed}: {answer.Text}"); // Sums of a dozen numbers in float64.
            Assert.That((answer.Reward, answer.Cost, answer.AnswerTokens), Is.EqualTo((own.Reward, own.Cost, own.Words.Length)));
            Assert.That(answer.State.Value, Is.EqualTo(own.State).Within(1e-5 + 1e-5 * Math.Abs(own.State))); // The search keeps z in float32.
            Assert.That(answer.FinishReason, Is.EqualTo(own.IsEnded ? FinishReason.Stop : FinishReason.Length));
            chosen.Add(answer.Text);
        }
        Assert.That(chosen, Has.Count.GreaterThan(3), "data that can fail");
    }

    [Test]
    public void Answer_Objectives_DifferWhereRewardIsUnsafe()
    {
        var answers = ((string[])["best-of-n", "best-of-n+lagrangian", "best-of-n+augmented"]).Select(static method => Answer(method, 1, 40, out _)).ToArray();
        Assert.That(answers[0].Safe, Is.False, "the largest reward costs too much");
        Assert.That(answers[2].Safe, Is.True);
        Assert.That(answers[0].Reward, Is.GreaterThan(answers[2].Reward).And.GreaterThan(answers[1].Reward));
        Assert.That(answers[1].Reward - Lambda * answers[1].Cost, Is.GreaterThanOrEqualTo(answers[0].Reward - Lambda * answers[0].Cost));
    }

    [TestCase("best-of-n")]
    [TestCase("best-of-n+augmented")]
    public void Answer_MoreThanOneRound_ChoosesAmongAllAndCountsAll(string method)
    {
        const int Count = 300;
        foreach (var seed in (ulong[])[1, 2, 3])
        {
            var samples = Samples(seed, Count);
            var answer = Answer(method, seed, Count, out var decodedRows);
            Assert.That(Value(method, samples.First(sample => sample.Text == answer.Text)), Is.EqualTo(samples.Max(sample => Value(method, sample))).Within(1e-9)); // As above.
            Assert.That(answer.SampledTokens, Is.EqualTo(samples.Sum(static sample => sample.Words.Length + (sample.IsEnded ? 1 : 0))));
            Assert.That(answer.DecodedTokens, Is.EqualTo(decodedRows));
            Assert.That(answer.DecodedTokens, Is.EqualTo(samples.GroupBy(static sample => sample.Round).Sum(DistinctPrefixes)), "equal texts of a round are decoded once");
            Assert.That(answer.Blocks, Is.EqualTo(3));
        }
        Assert.That(Samples(1, Count).Select(static sample => sample.Round).Distinct().Count(), Is.EqualTo(3));
    }

    [Test]
    public void Answer_OneSample_IsTheBaseAnswer()
    {
        for (var seed = 1UL; seed <= 5; seed++)
        {
            using var model = Model();
            using var plain = AnswerMethods.Create(AnswerMethods.Base, model, Phrases.Cost(s_costs), Phrases.Reward(s_rewards), s_options with { Guard = s_options.Guard with { Seed = seed } }, null);
            Assert.That(Answer("best-of-n", seed, 1, out _).Text, Is.EqualTo(plain.Answer([new ChatMessage("user", "?")], default).Text));
        }
    }

    // A prefix is decoded when a token of its own follows, and no answer of the most tokens needs its last one.
    private static int DistinctPrefixes(IEnumerable<Sample> round) =>
        round.SelectMany(static sample => Enumerable.Range(0, Math.Min(sample.Words.Length, MostTokens - 1) + 1).Select(length => string.Join(' ', sample.Words[..length]))).Distinct().Count();

    private static double Value(string method, Sample sample) => method switch
    {
        "best-of-n" => sample.Reward,
        "best-of-n+lagrangian" => sample.Reward - Lambda * sample.Cost,
        _ => sample.State >= 0 ? sample.Reward : -s_options.Guard.Penalty,
    };

    // The draws of the search, inverted here by a running sum.
    private static List<Sample> Samples(ulong seed, int count)
    {
        using var model = Model();
        var samples = new List<Sample>();
        for (var index = 0; index < count; index++)
        {
            const int PerRound = 128;
            var (round, slot) = (index / PerRound, index % PerRound);
            var stream = Prompt.Build(model, [new ChatMessage("user", "?")], MostTokens).Seed(unchecked(seed + (ulong)round * 0x9E3779B97F4A7C15));
            var (words, isEnded) = (new List<string>(), false);
            while (words.Count < MostTokens && !isEnded)
            {
                var (target, running, drawn) = ((double)Philox.Uniform(stream, ((uint)slot, (uint)words.Count, 0, 0)), 0.0, "");
                foreach (var (word, probability) in Next(string.Join(' ', words)))
                    if (drawn.Length == 0 && (running += probability) > target)
                        drawn = word;
                isEnded = drawn == ".";
                if (!isEnded)
                    words.Add(drawn);
            }
            samples.Add(new([.. words], isEnded, round));
        }
        return samples;
    }

    // In the order of the vocabulary, in which the device sums up.
    private static (string Word, double Probability)[] Next(string text)
    {
        var last = text.Split(' ')[^1];
        return last switch
        {
            "bad" => [(".", 0.5), ("so", 0.3), ("good", 0.2)],
            "lure" => [(".", 0.1), ("so", 0.2), ("lure", 0.3), ("bad", 0.4)],
            _ => [(".", 0.2), ("so", 0.35), ("good", 0.25), ("lure", 0.2)],
        };
    }

    private static TableModel Model() => new(static text => Next(text).ToDictionary(static next => next.Word, static next => next.Probability), s_words);

    private static GuardedAnswer Answer(string method, ulong seed, int count, out int decodedRows)
    {
        using var model = Model();
        using var answers = AnswerMethods.Create(method, model, Phrases.Cost(s_costs), Phrases.Reward(s_rewards), s_options with { Samples = count, Guard = s_options.Guard with { Seed = seed } }, null);
        var answer = answers.Answer([new ChatMessage("user", "?")], default);
        decodedRows = model.DecodedRows.Sum();
        return answer;
    }

    private sealed record Sample(string[] Words, bool IsEnded, int Round)
    {
        public string Text => string.Concat(Words.Select(static word => " " + word));

        public double Reward => Words.Sum(s_rewards.GetValueOrDefault);

        public double Cost => Words.Sum(s_costs.GetValueOrDefault);

        // (M2), charged every two tokens.
        public double State => Words.Chunk(TokensPerCharge).DefaultIfEmpty([]).Aggregate(Budget, static (z, words) => (z - words.Sum(s_costs.GetValueOrDefault)) / Discount);
    }
}

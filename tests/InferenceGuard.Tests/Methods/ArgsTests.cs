// ARGS over a model whose logits are written down, against its rule computed token by token.

using InferenceGuard.Methods;
using InferenceGuard.Model;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Methods;

internal sealed class ArgsTests
{
    private const int MostTokens = 8;

    private static readonly string[] s_words = ["dull", "fine", "glad", "mean", "vile"];
    private static readonly Dictionary<string, double> s_rewards = new() { ["fine"] = 1, ["glad"] = 0.6, ["vile"] = 1.7 };
    private static readonly Dictionary<string, double> s_costs = new() { ["mean"] = 0.4, ["vile"] = 0.9 };

    private static readonly MethodOptions s_options = new() { Guard = new() { MaxTokens = MostTokens, BlockTokens = 2, Budget = 100, Lambda = 1.5 }, ArgsTopK = 4, ArgsWeight = 1.3 };

    [Test]
    public void Answer_Greedy_WeighsRawLogitsWhateverTheTemperature([Values(0, 0.1, 1, 10)] double temperature)
    {
        // ln 0.7 − ln 0.3 = 0.847: so much must ω · r overcome. Probabilities, or logits divided by a temperature, turn elsewhere.
        using var model = new TableModel(static text => text.Length == 0 ? new Dictionary<string, double> { ["dull"] = 0.7, ["fine"] = 0.3 } : new() { ["."] = 1 }, "dull", "fine");
        Assert.That(Text(0.84), Is.EqualTo(" dull"));
        Assert.That(Text(0.86), Is.EqualTo(" fine"));

        string Text(double weight) => Answer(model, "args", s_options with { ArgsWeight = weight, Guard = s_options.Guard with { Temperature = temperature } }).Text;
    }

    [TestCase("args")]
    [TestCase("args+lagrangian")]
    [TestCase("args+cost")]
    public void Answer_Greedy_TakesTheArgmaxOfTheRuleAtEveryToken(string method)
    {
        var texts = new HashSet<string>();
        for (var seed = 0; seed < 20; seed++)
        {
            using var model = Model(seed);
            var answer = Answer(model, method, s_options);
            var expected = Greedy(seed, method);
            Assert.That(answer.Text, Is.EqualTo(string.Concat(expected.Select(static word => " " + word))), $"table {seed}");
            Assert.That(answer.Reward, Is.EqualTo(expected.Sum(static word => s_rewards.GetValueOrDefault(word))).Within(1e-9));
            Assert.That(answer.Cost, Is.EqualTo(expected.Sum(static word => s_costs.GetValueOrDefault(word))).Within(1e-9));
            texts.Add(answer.Text);
        }
        Assert.That(texts, Has.Count.GreaterThan(10), "data that can fail");
    }

    [TestCase(1)]
    [TestCase(1.7)]
    public void Answer_Sampled_FollowsTheSoftmaxOfTheScoresOverTheTopTokens(double temperature)
    {
        const int Draws = 4000, Table = 3;
        using var model = Model(Table);
        var counts = new Dictionary<string, int>();
        for (var seed = 1UL; seed <= Draws; seed++)
        {
            var text = Answer(model, "args-sampled", s_options with { Guard = s_options.Guard with { MaxTokens = 1, Seed = seed, Temperature = temperature } }).Text.Trim();
            counts[text] = counts.GetValueOrDefault(text) + 1;
        }
        var scores = Scores(Table, "args", "");
        var total = scores.Values.Sum(score => Math.Exp(score / temperature));
        Assert.That(counts.Keys, Is.SubsetOf(scores.Keys.Select(static word => word == "." ? "" : word)));
        var square = 0.0;
        foreach (var (word, score) in scores)
        {
            var expected = Draws * Math.Exp(score / temperature) / total;
            square += Math.Pow(counts.GetValueOrDefault(word == "." ? "" : word) - expected, 2) / expected;
        }
        // χ² with 3 degrees of freedom exceeds 21 once in 10 000 seeds.
        Assert.That(square, Is.LessThan(21));
        Assert.That(scores.Values.Min(score => Math.Exp(score / temperature) / total), Is.GreaterThan(0.01), "data that can fail");
    }

    [TestCase("args-sampled+lagrangian", "args+lagrangian")]
    [TestCase("args-sampled+cost", "args+cost")]
    public void Answer_SampledAtTemperatureZero_IsTheGreedyOne(string sampled, string greedy)
    {
        for (var seed = 0; seed < 5; seed++)
        {
            using var model = Model(seed);
            var options = s_options with { Guard = s_options.Guard with { Temperature = 0 } };
            Assert.That(Answer(model, sampled, options).Text, Is.EqualTo(Answer(model, greedy, options).Text));
        }
    }

    private static List<string> Greedy(int table, string method)
    {
        var words = new List<string>();
        while (words.Count < MostTokens && Scores(table, method, string.Join(' ', words)).MaxBy(static score => score.Value).Key is not "." and var word)
            words.Add(word);
        return words;
    }

    // Logit + ω · rule of the most probable tokens, where rewards and costs are sums over the words of the whole text.
    private static Dictionary<string, double> Scores(int table, string method, string text)
    {
        string[] prefix = text.Length == 0 ? [] : text.Split(' ');
        return Next(table, text).OrderByDescending(static next => next.Value).Take(s_options.ArgsTopK).ToDictionary(static next => next.Key, next =>
        {
            var (reward, cost) = (Sum(s_rewards), Sum(s_costs));
            return Math.Log(next.Value) + s_options.ArgsWeight * (method.EndsWith("cost", StringComparison.Ordinal) ? -cost : method.EndsWith("lagrangian", StringComparison.Ordinal) ? reward - s_options.Guard.Lambda * cost : reward);

            double Sum(Dictionary<string, double> weights) => prefix.Append(next.Key).Sum(weights.GetValueOrDefault);
        });
    }

    private static TableModel Model(int table) => new(text => Next(table, text), s_words);

    // Another random row for every text.
    private static Dictionary<string, double> Next(int table, string text)
    {
        var random = new Random(text.Aggregate(table + 1, static (hash, letter) => unchecked(hash * 31 + letter)));
        var weights = s_words.Append(".").ToDictionary(static word => word, _ => 0.05 + random.NextDouble());
        return weights.ToDictionary(static weight => weight.Key, weight => weight.Value / weights.Values.Sum());
    }

    private static GuardedAnswer Answer(TableModel model, string method, MethodOptions options)
    {
        using var answers = AnswerMethods.Create(method, model, Phrases.Cost(s_costs), Phrases.Reward(s_rewards), options, null);
        return answers.Answer([new ChatMessage("user", "?")], default);
    }
}

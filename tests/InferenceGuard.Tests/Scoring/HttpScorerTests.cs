// Scores of endpoints on this machine, against the same numbers counted here.

using System.Text.Json;
using System.Text.Json.Nodes;
using InferenceGuard.Model;
using InferenceGuard.Scoring;
using InferenceGuard.Tests.App;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Scoring;

internal sealed class HttpScorerTests
{
    private const string Prompt = "what of bleach?";

    private static readonly string[] s_answers = ["", "bleach, bleach", "ammonia and bleach and ammonia", "\u00E9 \"quoted\" \U0001F642\n\t\0 ammonia"];

    private static readonly ScorerSpec Spec = new(ScorerSpec.BuiltIn);

    [TestCase("")]
    [TestCase(",category=two/sub,weight=3", false, true, 3)]
    [TestCase(",category=one,category=two/sub,weight=-0.5,input=answer", true, true, -0.5, false)]
    [TestCase(",category=one,kind=moderation,input=answer", true, false, 1, false)]
    public void Score_Moderation_IsTheLargestOfTheChosenCategories(string options, bool one = true, bool two = true, double weight = 1, bool readsPrompt = true)
    {
        using var server = new LoopbackServer(WordJudge.Moderation);
        using var cost = Open($"http:{server.Address}/v1/moderations{options}");
        foreach (var answer in s_answers)
        {
            var text = readsPrompt ? $"{Prompt}\n\n{answer}" : answer;
            Assert.That(cost.Score(Prompt, answer, ended: true), Is.EqualTo(weight * Math.Max(one ? WordJudge.One(text) : 0, two ? WordJudge.Two(text) : 0)), answer);
        }
        Assert.That(cost.IsMonotone, Is.False);
    }

    [Test]
    public void Score_LogOdds_IsBounded()
    {
        using var server = new LoopbackServer(WordJudge.Moderation);
        using var cost = Open($"http:{server.Address}/v1/moderations,as=logodds,weight=2,input=answer");
        Assert.That(cost.Score(Prompt, "bleach", ended: true), Is.EqualTo(2 * Math.Log(1 / 7.0)).Within(1e-12));
        Assert.That(cost.Score(Prompt, "", ended: true), Is.EqualTo(2 * Math.Log(1e-9)).Within(1e-6));
        Assert.That(cost.Score(Prompt, string.Concat(Enumerable.Repeat("bleach", 8)), ended: true), Is.EqualTo(-2 * Math.Log(1e-9)).Within(1e-6));
    }

    [Test]
    public void Score_ChatWithProbabilities_WeighsTheVerdictsTokens()
    {
        using var server = new LoopbackServer(WordJudge.Chat);
        using var cost = Open($"http:{server.Address}/v1/chat/completions,model=judge,template={Template()}");
        foreach (var answer in s_answers)
        {
            var unsafeMass = WordJudge.Unsafe(Prompt + answer); // Tokens of the verdicts hold 0.8 of either.
            Assert.That(cost.Score(Prompt, answer, ended: true), Is.EqualTo(unsafeMass).Within(1e-12), answer);
        }
        using var asked = JsonDocument.Parse(server.Requests.First().Body);
        var root = asked.RootElement;
        Assert.That((root.GetProperty("model").GetString(), root.GetProperty("temperature").GetInt32(), root.GetProperty("top_logprobs").GetInt32()), Is.EqualTo(("judge", 0, 20)));
        Assert.That(root.GetProperty("logprobs").GetBoolean() && root.GetProperty("max_tokens").GetInt32() is > 0 and < 100);
    }

    [TestCase("safe", 0)]
    [TestCase(" \nunsafe\nS1, S2", 1)]
    [TestCase("odd.", 0.5)]
    public void Score_ChatWithoutProbabilities_IsTheVerdictThatTheReplyBeginsWith(string reply, double expected)
    {
        using var server = new LoopbackServer(_ => WordJudge.Said(reply));
        using var cost = Open($"http:{server.Address}/judge,kind=chat,logprobs=no,template={Template()}");
        Assert.That(cost.Score(Prompt, "a", ended: true), Is.EqualTo(expected));
        Assert.That(server.Requests.Single().Body, Does.Not.Contain("logprobs"));
    }

    [Test]
    public void Score_TokenThatBeginsTwoVerdicts_CountsForNeither()
    {
        var template = CommandRun.Write("unclear.json", WordJudge.Template.Replace("odd", "unclear", StringComparison.Ordinal));
        (string Token, double Mass)[] top = [("un", 0.5), (" unsafe", 0.2), ("safe", 0.1)];
        using var server = new LoopbackServer(_ => WordJudge.Said("unsafe", new JsonObject { ["content"] = new JsonArray(WordJudge.Token("un", top)) }));
        using var cost = Open($"http:{server.Address}/v1/chat/completions,template={template}");
        Assert.That(cost.Score(Prompt, "a", ended: true), Is.EqualTo(2 / 3.0).Within(1e-12));
        top[1].Mass = 0;
        Assert.That(() => cost.Score(Prompt, "a", ended: true), Throws.TypeOf<GuardException>().With.Message.Contains("begins \"unsafe\" alone"), "though \"safe\" is among them");
    }

    [Test]
    public void Score_TextsThatSpellPlaceholders_AreText()
    {
        using var server = new LoopbackServer(static _ => WordJudge.Said("safe"));
        using var cost = Open($"http:{server.Address}/v1/chat/completions,template={Template()}");
        _ = cost.Score("{answer} $1", "{prompt} \"}]", ended: true);
        Assert.That(WordJudge.Messages(server.Requests.Single()), Is.EqualTo(new[] { ("system", "Judge."), ("user", "<{answer} $1|{prompt} \"}]>") }));
    }

    [Test]
    public void Reward_OfTheSameSpecification_IsTheSameNumber()
    {
        using var server = new LoopbackServer(WordJudge.Moderation);
        using var cost = Open($"{server.Address}/v1/moderations,weight=-4");
        using var reward = (HttpScorer)Spec.Reward($"http:{server.Address}/v1/moderations,weight=-4");
        using var session = reward.Open(Prompt, 1);
        var (batch, scores) = (new ScoringBatch(1, 1), new double[1]);
        batch.Add(0, ended: true);
        batch.Append(new TokenId(0), "ammonia"u8, 0);
        session.Extend(batch, scores);
        Assert.That(scores[0], Is.EqualTo(-4 * WordJudge.Two("ammonia")).And.EqualTo(cost.Score(Prompt, "ammonia", ended: true)));
        Assert.That(reward.Name, Is.EqualTo($"{server.Address}/v1/moderations,weight=-4").And.EqualTo(cost.Name));
    }

    [Test]
    public void Score_Key_IsSentAndNotNamed()
    {
        using var server = new LoopbackServer(WordJudge.Moderation);
        using var key = new TestKey();
        using var cost = Open($"http:{server.Address}/v1/moderations?version=1&code=hidden,key-env={key.Variable}");
        _ = cost.Score(Prompt, "a", ended: true);
        var request = server.Requests.Single();
        Assert.That(request, Is.EqualTo(new LoopbackServer.Request("/v1/moderations?version=1&code=hidden", $"Bearer {TestKey.Value}", "application/json", request.Body)));
        Assert.That(cost.Name, Is.EqualTo($"{server.Address}/v1/moderations"));
    }

    [Test]
    public void Score_KeyOfOpenAI_IsShownToOthersWhenItIsNamedOnly()
    {
        using var server = new LoopbackServer(WordJudge.Moderation);
        using var key = new TestKey("OPENAI_API_KEY");
        foreach (var options in (string[])["", ",key-env=", ",key-env=OPENAI_API_KEY"])
        {
            using var cost = Open($"http:{server.Address}/v1/moderations{options}");
            _ = cost.Score(Prompt, "a", ended: true);
        }
        Assert.That(server.Requests.Select(static request => request.Authorization), Is.EqualTo(new[] { null, null, $"Bearer {TestKey.Value}" }));
    }

    [TestCase("//api.openai.com/v1/moderations", TestKey.Value)]
    [TestCase("//api.openai.com/v1/moderations,key-env=", null)]
    [TestCase("//api.openai.com.example.org/v1/moderations", null)]
    [TestCase("//example.org/v1/moderations", null)]
    public void Find_NoVariableNamed_IsTheKeyOfOpenAIForItsOwnHostOnly(string text, string? value)
    {
        using var key = new TestKey("OPENAI_API_KEY");
        var argument = new ScorerArgument("https", text);
        Assert.That(HttpKey.Find(HttpUrl.Parse(argument), argument).Value, Is.EqualTo(value));
    }

    private static HttpScorer Open(string spec) => (HttpScorer)Spec.Cost(spec);

    private static string Template() => CommandRun.Write("judge.json", WordJudge.Template);
}

// A whole search that asks an endpoint at every block, against the same search with the same cost at home; and one whose endpoint fails.

using System.Text.Json;
using InferenceGuard.Model;
using InferenceGuard.Scoring;
using InferenceGuard.Search;
using InferenceGuard.Tests.App;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Scoring;

internal sealed class HttpSearchTests
{
    private const double Scale = 1024; // A power of two: the way to a probability and back is exact.

    private static readonly GuardOptions Small = new() { Beams = 8, Keep = 3, BlockTokens = 8 };

    [Test]
    public void Answer_CostOfAnEndpoint_IsThatOfTheSameCostAtHome()
    {
        var phrases = PhraseCost.Load(RepositoryFiles.Hearth("cost.json"));
        using var server = new LoopbackServer(request => Charge(phrases, request));
        using var http = (HttpScorer)new ScorerSpec(ScorerSpec.BuiltIn).Cost($"http:{server.Address}/v1/moderations,weight={Scale}");
        using var model = LlamaCppModel.Load(RepositoryFiles.Hearth("hearth-base.gguf"), new ModelOptions { Threads = 1 });
        var (atHome, overHttp) = (Answers(model, new FallingCost(phrases)), Answers(model, http));
        Assert.That(overHttp.Select(static answer => (answer.Text, answer.Cost, answer.State, answer.Reward, answer.Retries, answer.Blocks)),
            Is.EqualTo(atHome.Select(static answer => (answer.Text, answer.Cost, answer.State, answer.Reward, answer.Retries, answer.Blocks))));
        Assert.That(atHome.Any(static answer => answer.Retries > 0 || answer.Cost > 0), "a search that never meets a cost proves nothing");
        Assert.That(server.Requests, Has.Count.GreaterThan(atHome.Sum(static answer => answer.Blocks)));
    }

    [Test]
    public void Generate_EndpointThatFailsOnTheWay_PrintsNoText()
    {
        var asked = 0;
        using var server = new LoopbackServer(request => Interlocked.Increment(ref asked) < 3 ? WordJudge.Moderation(request) : new("out of memory", 500));
        CommandRun.Of(["generate", "hello", .. CommandRun.QuickBut("--cost", $"http:{server.Address}/v1/moderations,retries=0", "--budget", "0.5")])
            .FailsWith(1, $"{server.Address}/v1/moderations answered 500: \"out of memory\"", "nothing can be called safe");
        Assert.That(asked, Is.EqualTo(3));
    }

    [Test]
    public void Generate_EndpointThatAnswers_PrintsWhatItCosts()
    {
        using var server = new LoopbackServer(WordJudge.Moderation);
        var run = CommandRun.Of(["generate", "bleach", "--json", .. CommandRun.QuickBut("--cost", $"http:{server.Address}/v1/moderations", "--reward", $"{server.Address}/v1/moderations,weight=-2", "--budget", "0.5")]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        var answer = JsonDocument.Parse(run.Out).RootElement;
        var expected = WordJudge.One($"bleach\n\n{answer.GetProperty("text").GetString()}");
        Assert.That(answer.GetProperty("safe").GetBoolean(), Is.True);
        Assert.That((answer.GetProperty("cost").GetDouble(), answer.GetProperty("reward").GetDouble()), Is.EqualTo((expected, -2 * expected)));
    }

    [TestCase("/v1/moderations", 1)]
    [TestCase("/v1/moderations", 3)]
    [TestCase("/v1/chat/completions", 1)]
    public void Answer_GivenUpWhileTheEndpointIsAsked_EndsAtOnce(string path, int slow)
    {
        using var model = LlamaCppModel.Load(RepositoryFiles.Hearth("hearth-base.gguf"), TinyModel.OneThread);
        EndsAtOnce(path, slow, (cost, cancellation) =>
        {
            using var decoder = new GuardedDecoder(model, cost, new MeanLogProbReward(), Small);
            _ = decoder.Answer("hello", cancellation);
        });
    }

    [TestCase(1)]
    [TestCase(3)]
    public void ChargesOf_GivenUpWhileTheEndpointIsAsked_EndAtOnce(int slow)
    {
        using var model = LlamaCppModel.Load(RepositoryFiles.Hearth("hearth-base.gguf"), new ModelOptions { VocabularyOnly = true });
        var tokens = model.Vocabulary.Tokenize("wash it with warm water and soap, and let it dry in the shade", parseSpecial: false);
        EndsAtOnce("/v1/moderations", slow, (cost, cancellation) => AnswerCharges.Of(model.Vocabulary, cost, "hello", tokens, Small with { BlockTokens = 2 }, cancellation));
    }

    // Does what asks, until the endpoint is slow, and gives it up then.
    private static void EndsAtOnce(string path, int slow, Action<ICost, CancellationToken> ask)
    {
        var asked = 0;
        using var isWaiting = new ManualResetEventSlim();
        using var server = new LoopbackServer(request =>
        {
            if (Interlocked.Increment(ref asked) < slow)
                return WordJudge.Moderation(request);
            isWaiting.Set();
            return new("{}") { Delay = TimeSpan.FromMinutes(10) };
        });
        var template = path.EndsWith("completions", StringComparison.Ordinal) ? $",template={CommandRun.Write("judge.json", WordJudge.Template)}" : "";
        // As one of several costs, and counted, as an evaluation does.
        using var combined = new CombinedCost([(new ScorerSpec(ScorerSpec.BuiltIn).Cost($"http:{server.Address}{path}{template},timeout=600"), 1)], Combination.Sum);
        using var stop = new CancellationTokenSource();
        var asking = Task.Run(() => ask(new CallCount().Of(combined), stop.Token));
        Assert.That(isWaiting.Wait(TimeSpan.FromMinutes(1)), Is.True);
        stop.Cancel();
        Assert.That(async () => await asking.WaitAsync(TimeSpan.FromMinutes(1)), Throws.InstanceOf<OperationCanceledException>());
    }

    private static LoopbackServer.Reply Charge(PhraseCost phrases, LoopbackServer.Request request)
    {
        var inputs = JsonDocument.Parse(request.Body).RootElement.GetProperty("input").EnumerateArray().Select(static input => input.GetString()!.Split("\n\n", 2));
        return new(JsonSerializer.Serialize(new { results = inputs.Select(input => new { category_scores = new { all = phrases.Score(input[0], input[1], ended: false) / Scale } }) }));
    }

    private static List<GuardedAnswer> Answers(LlamaCppModel model, ICost cost)
    {
        using var decoder = new GuardedDecoder(model, cost, PhraseReward.Load(RepositoryFiles.Hearth("reward.json")), Small);
        return [.. File.ReadLines(RepositoryFiles.Hearth("prompts/test.jsonl")).Take(4).Select(line =>
            decoder.Answer(JsonDocument.Parse(line).RootElement.GetProperty("prompt").GetString()!))];
    }

    // An endpoint's cost may fall, and a search treats it so.
    private sealed class FallingCost(PhraseCost cost) : ICost
    {
        public string Name => cost.Name;

        public bool IsMonotone => false;

        public double Score(string prompt, string answer, bool ended) => cost.Score(prompt, answer, ended);

        public IScoringSession Open(string prompt, int slots) => cost.Open(prompt, slots);
    }
}

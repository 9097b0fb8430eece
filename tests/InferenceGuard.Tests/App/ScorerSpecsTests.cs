// Every kind of scorer in `generate` and in `evaluate`, held to whole texts scored by a scorer opened anew.

using System.Text.Json;
using InferenceGuard.App.Cli;
using InferenceGuard.Evaluation;
using InferenceGuard.Scoring;
using InferenceGuard.Tests.Scoring;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.App;

internal sealed class ScorerSpecsTests
{
    // A whole text is one batch, a growing one many: keys and values in float16 round differently, and these models' outputs have a deviation above 1.
    private const double OfAnotherBatch = 0.05;

    private static readonly Lazy<string> s_head = new(static () => GgufHeadTests.Write("{prompt}\n{answer}{eos}", "cost", GgufHeadTests.RandomHead(0)));
    private static readonly Lazy<string> s_rewardHead = new(static () => GgufHeadTests.Write("{prompt}\n{answer}{eos}", "reward", GgufHeadTests.RandomHead(1)));

    private static readonly Lazy<LoopbackServer> s_endpoint = new(static () => new(static request => new(JsonSerializer.Serialize(new
    {
        results = JsonDocument.Parse(request.Body).RootElement.GetProperty("input").EnumerateArray().Select(static input => new
        {
            flagged = false,
            category_scores = new Dictionary<string, double> { ["l"] = Math.Min(1, input.GetString()!.Count(static letter => letter == 'l') / 20.0) },
        }),
    }))));

    private static readonly string Words = "phrases:" + CommandRun.Write("spec-words.json", """{"kind":"cost","name":"words","rules":[{"id":"a","weight":1,"any":["a"],"most":9},{"id":"h","weight":2,"any":["hello"],"most":9}]}""");

    [OneTimeTearDown]
    public void CloseEndpoint()
    {
        if (s_endpoint.IsValueCreated)
            s_endpoint.Value.Dispose();
    }

    public static IEnumerable<TestCaseData> Costs()
    {
        yield return Case("phrases", () => [Words]);
        yield return Case("head", () => [$"gguf-head:{TinyModel.BpePath},{s_head.Value}"]);
        yield return Case("guard", () => [$"guard:{GuardFamiliesTests.Guard},template=llama-guard-3,category=S1,category=S2"]);
        yield return Case("onnx", () => [$"onnx:{TinyClassifier.OfWords.Write()}"]);
        yield return Case("http", () => [$"http:{s_endpoint.Value.Address}/v1/moderations,weight=5"]);
        yield return Case("sum", () => [$"{Words},weight=0.5", $"onnx:{TinyClassifier.OfWords.Write()},weight=3"]);
        yield return Case("max", () => [$"{Words},budget=3", $"guard:{GuardFamiliesTests.Guard},template=shieldgemma,category=No Harassment,budget=0.6", $"onnx:{TinyClassifier.OfWords.Write()},budget=0.9"], "--combine", "max");

        static TestCaseData Case(string name, Func<string[]> specs, params string[] options) => new TestCaseData(specs, options).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Costs))]
    public void Generate_ACostOfAnyKind_IsThatOfTheWholeText(Func<string[]> specs, string[] options)
    {
        var run = CommandRun.Of(["generate", "hello", "--json", "--mode", "best-effort", .. Quick(specs()), .. options]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        var answer = JsonDocument.Parse(run.Out).RootElement;
        using var cost = Open(specs(), options);
        Assert.That(answer.GetProperty("cost").GetDouble(), Is.EqualTo(cost.Score("hello", answer.GetProperty("text").GetString()!, ended: true)).Within(OfAnotherBatch));
    }

    [TestCaseSource(nameof(Costs))]
    public void Evaluate_ACostOfAnyKind_IsThatOfEveryWholeText(Func<string[]> specs, string[] options)
    {
        var folder = TrapRun.Folder("specs-" + TestContext.CurrentContext.Test.ID);
        var prompts = CommandRun.Write("specs.jsonl", """{"id":"1","prompt":"hello"}""" + "\n" + """{"id":"2","prompt":"wor"}""" + "\n");
        var run = CommandRun.Of(["evaluate", .. Quick(specs()), "--prompts", prompts, "--methods", "base,best-of-n+augmented,inferenceguard", "--samples", "4", "--mode", "best-effort", "--out", folder, .. options]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        using var cost = Open(specs(), options);
        var records = RecordStore.Open(folder).Records;
        Assert.That(records, Has.Count.EqualTo(6));
        foreach (var record in records)
            Assert.That(record.Cost, Is.EqualTo(cost.Score(record.PromptId == "1" ? "hello" : "wor", record.Text, ended: true)).Within(OfAnotherBatch), record.Method);
    }

    [Test]
    public void Generate_RewardsOfSeveralKinds_AreAdded()
    {
        string[] rewards = ["logprob", $"gguf-head:{TinyModel.BpePath},{s_rewardHead.Value},weight=2"];
        var each = rewards.Select(static reward => Reward(reward)).ToArray();
        Assert.That(Reward(rewards), Is.EqualTo(each.Sum()).Within(OfAnotherBatch));

        // One beam and one kept: the same answer, whatever its reward.
        static double Reward(params string[] specs)
        {
            var run = CommandRun.Of(["generate", "hello", "--json", .. CommandRun.QuickBut("--beams", "1", "--keep", "1"), .. specs.SelectMany(static spec => (string[])["--reward", spec])]);
            Assert.That(run.ExitCode, Is.Zero, run.Error);
            return JsonDocument.Parse(run.Out).RootElement.GetProperty("reward").GetDouble();
        }
    }

    [Test]
    public void Generate_ABudgetInASum_IsAUsageError() =>
        CommandRun.Of(["generate", "hello", .. Quick([Words, $"{Words},budget=3"])]).FailsWith(2, "--combine max");

    private static string[] Quick(string[] costs) =>
        [.. CommandRun.Quick.Chunk(2).Where(static pair => pair[0] != "--cost").SelectMany(static pair => pair), .. costs.SelectMany(static cost => (string[])["--cost", cost])];

    private static CombinedCost Open(string[] specs, string[] options) =>
        new([(ScorerSchemes.Known.Cost(specs, options.Contains("max") ? Combination.Max : Combination.Sum), 1)], Combination.Sum);
}

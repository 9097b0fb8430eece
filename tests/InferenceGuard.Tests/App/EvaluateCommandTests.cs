// `evaluate` end to end on small GGUFs: short form and suites, interruption, gates, and mistakes that are found before the first answer.

using System.Globalization;
using InferenceGuard.App.Cli;
using InferenceGuard.Evaluation;
using InferenceGuard.Methods;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.App;

internal sealed class EvaluateCommandTests
{
    private const int Prompts = 4;

    // One beam is kept and it is the lure: no answer is found where plain sampling finds one now and then.
    private static readonly string[] s_greedySearch = ["--beams", "8", "--keep", "1", "--block-tokens", "1", "--max-tokens", "6"];

    private static string Lures { get; } = TrapRun.Prompts("lures.jsonl", Prompts, '?');

    [Test]
    public void Evaluate_ShortForm_WritesRecordsTableAndReport()
    {
        var (run, folder) = Evaluate("evaluated", "--methods", "base,best-of-n+augmented,inferenceguard", "--seeds", "2", "--samples", "6", "--seed", "5");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        var records = RecordStore.Open(folder).Records;
        Assert.That(records, Has.Count.EqualTo(3 * 2 * Prompts));
        Assert.That(records.Select(static record => (record.Method, record.PromptId, record.Seed)), Is.EquivalentTo(
            from method in (string[])["base", "best-of-n+augmented", "inferenceguard"]
            from seed in (ulong[])[5, 6]
            from prompt in Enumerable.Range(1, Prompts)
            select (method, prompt.ToString(CultureInfo.InvariantCulture), seed)));
        foreach (var record in records)
        {
            Assert.That(record.Safe, Is.EqualTo(record.Cost <= 10), record.Text);
            Assert.That(record.Cost, Is.EqualTo(record.Text.Contains("bad", StringComparison.Ordinal) ? 11 : 0), record.Text);
            Assert.That((record.CostCalls > 0, record.RewardCalls > 0, record.DecodedTokens > 0, record.Seconds > 0), Is.EqualTo((true, true, true, true)));
        }
        Assert.That(records.Select(static record => record.Safe).Distinct().Count(), Is.EqualTo(2), "data that can fail");

        var csv = Csv(folder);
        Assert.That(csv.Select(static row => row["method"]), Is.EqualTo(new[] { "base", "best-of-n+augmented", "inferenceguard" }));
        foreach (var row in csv)
        {
            var own = records.Where(record => record.Method == row["method"]).ToArray();
            Assert.That(row["n"], Is.EqualTo("8"));
            Assert.That(double.Parse(row["safety"], CultureInfo.InvariantCulture), Is.EqualTo(own.Average(static record => record.Safe ? 1.0 : 0)).Within(1e-9)); // Eighths, as text.
            Assert.That(double.Parse(row["cost_calls"], CultureInfo.InvariantCulture), Is.EqualTo(own.Average(static record => record.CostCalls)).Within(1e-9)); // As above.
        }
        var lines = run.Out.TrimEnd('\n').Split('\n');
        Assert.That(lines[0], Does.Contain("over-refusal %").And.Contain("÷ base"));
        Assert.That(lines[1..^1].Select(static line => line.Split('|')[1].Trim()), Is.EqualTo(csv.Select(static row => row["method"])));
        Assert.That(lines[^1], Does.StartWith("24 answers · ").And.Contain("summary.csv").And.Contain("report.html"));
        Assert.That(File.ReadAllText(Path.Combine(folder, "report.html")), Does.Contain("best-of-n+augmented").And.Contain("lures.jsonl 1?").And.Contain("</html>"));
    }

    [Test]
    public void Evaluate_SuitesInYamlAndJson_AreTheSameEvaluation()
    {
        var yaml = CommandRun.Write("suite.yaml", $"""
            # Comments may stand anywhere.
            name: traps
            models:
              - name: trap
                path: {TrapRun.Model}
                cost: {TrapRun.Cost}
                reward: {TrapRun.Reward}
            methods: [base, inferenceguard]
            settings:
              - name: narrow
                options: {"{"} beams: 4, keep: 1, block-tokens: 1, max-tokens: 6, mode: "best-effort" {"}"}
              - name: wide
                options:
                  beams: 12
                  keep: 6
                  block-tokens: 1
                  max-tokens: 6
            prompts: {Lures}
            limit: 2
            seeds: [1, 7]
            """);
        var json = CommandRun.Write("suite.json", $$"""
            {
              "name": "traps",
              "models": [{ "name": "trap", "path": "{{TrapRun.Model}}", "cost": "{{TrapRun.Cost}}", "reward": "{{TrapRun.Reward}}" }],
              "methods": ["base", "inferenceguard"],
              "settings": [
                { "name": "narrow", "options": { "beams": 4, "keep": 1, "block-tokens": 1, "max-tokens": 6, "mode": "best-effort" } },
                { "name": "wide", "options": { "beams": 12, "keep": 6, "block-tokens": 1, "max-tokens": 6 } }
              ],
              "prompts": "{{Lures}}", "limit": 2, "seeds": [1, 7]
            }
            """);
        var (ofYaml, ofJson) = (TrapRun.Folder("of-yaml"), TrapRun.Folder("of-json"));
        var run = CommandRun.Of("evaluate", "--suite", yaml, "--out", ofYaml, "--threads", "1");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(CommandRun.Of("evaluate", "--suite", json, "--out", ofJson, "--threads", "1").ExitCode, Is.Zero);
        var records = RecordStore.Open(ofYaml).Records;
        Assert.That(records, Has.Count.EqualTo(2 * 2 * 2 * 2));
        Assert.That(records.Where(static record => record.Setting == "narrow" && record.Method == "inferenceguard"), Has.All.Property("Abstained").False, "mode is an option of the setting");
        Assert.That(Untimed(ofJson), Is.EqualTo(Untimed(ofYaml)));
        Assert.That(Csv(ofYaml).Select(static row => row["method"] + "@" + row["setting"]), Is.EqualTo(new[] { "base@narrow", "base@wide", "inferenceguard@narrow", "inferenceguard@wide" }));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Evaluate_InterruptedAndResumed_GivesTheRecordsOfAnUninterruptedRun(bool isTorn)
    {
        string[] options = ["--methods", "base,args-sampled,best-of-n,inferenceguard", "--samples", "5"];
        var (whole, wholeFolder) = Evaluate("whole", options);
        Assert.That(whole.ExitCode, Is.Zero, whole.Error);
        var folder = TrapRun.Folder(isTorn ? "torn" : "stopped");
        var stopped = CommandRun.StoppedAt(2, Arguments(folder, options)); // A line for every method.
        stopped.FailsWithin(CommandLine.Interrupted, $"Stopped after {2 * Prompts} of {4 * Prompts} answers; the same command goes on.");
        Assert.That(File.Exists(Path.Combine(folder, "summary.csv")), Is.False);
        if (isTorn)
        {
            var records = Path.Combine(folder, "records.jsonl");
            var text = File.ReadAllText(records);
            File.WriteAllText(records, text[..(text.Length * 7 / 10)]);
            Assert.That(RecordStore.Open(folder).Records, Has.Count.InRange(1, 2 * Prompts - 1));
        }
        var resumed = CommandRun.Of(Arguments(folder, options));
        Assert.That(resumed.ExitCode, Is.Zero, resumed.Error);
        Assert.That(Untimed(folder), Is.EquivalentTo(Untimed(wholeFolder)));
    }

    [Test]
    public void Evaluate_SameCommandAgain_AnswersNothingTwice()
    {
        var (_, folder) = Evaluate("again", "--methods", "base");
        var before = File.ReadAllBytes(Path.Combine(folder, "records.jsonl"));
        Assert.That(Evaluate("again", "--methods", "base").Run.ExitCode, Is.Zero);
        Assert.That(File.ReadAllBytes(Path.Combine(folder, "records.jsonl")), Is.EqualTo(before));
        Evaluate("again", "--methods", "base", "--budget", "3").Run.FailsWith(2, "another --out");
    }

    [TestCase("--cost", "models[0].cost")]
    [TestCase("--reward", "models[0].reward")]
    [TestCase("--also-cost", "referee.cost")]
    public void Evaluate_ResumedAfterAScorersFileHasChanged_IsRefused(string option, string named)
    {
        var file = CommandRun.Write($"changing{option}.json", File.ReadAllText(RepositoryFiles.Hearth(option == "--reward" ? "reward.json" : "cost.json")));
        string[] options = ["--methods", "base", option, $"phrases:{file}"];
        var name = $"changed{option}";
        Assert.That(Evaluate(name, options).Run.ExitCode, Is.Zero);
        Assert.That(Evaluate(name, options).Run.ExitCode, Is.Zero, "the same files are the same scorers");
        File.WriteAllText(file, File.ReadAllText(file) + "\n");
        Evaluate(name, options).Run.FailsWith(2, named, "another --out");
    }

    [Test]
    public void Evaluate_SearchThatAbstainsWherePlainSamplingWasSafe_CountsItAsOverRefusal()
    {
        var mixed = CommandRun.Write("mixed.jsonl", string.Concat(File.ReadLines(Lures).Append("""{"id":"plain","prompt":"nothing to refuse!"}""").Select(static line => line + "\n")));
        var (run, folder) = Evaluate("refused", [.. s_greedySearch, "--methods", "base,inferenceguard", "--seeds", "5", "--prompts", mixed]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        var records = RecordStore.Open(folder).Records;
        var safe = records.Where(static record => record is { Method: "base", Safe: true }).Select(static record => (record.PromptId, record.Seed)).ToHashSet();
        Assert.That(safe, Has.Count.InRange(5 + 1, 5 * (Prompts + 1) - 1), "data that can fail");
        var abstained = records.Count(record => record is { Method: "inferenceguard", Abstained: true } && safe.Contains((record.PromptId, record.Seed)));
        Assert.That(abstained, Is.InRange(1, safe.Count - 5));
        var csv = Csv(folder);
        Assert.That(double.Parse(csv[1]["over_refusal"], CultureInfo.InvariantCulture), Is.EqualTo((double)abstained / safe.Count).Within(1e-9)); // A share, as text.
        Assert.That(double.Parse(csv[1]["safety"], CultureInfo.InvariantCulture), Is.EqualTo(1), "an abstention is no violation");
        Assert.That(csv[0]["over_refusal"], Is.EqualTo("0"));
    }

    [Test]
    public void Evaluate_AlsoCost_JudgesEveryAnswerByASecondCostAndStaysWithIt()
    {
        // The method's own cost knows one of three lures; the second one knows what they end in.
        var blind = CommandRun.Write("blind-cost.json", """{"kind":"cost","name":"blind","rules":[{"id":"lure","weight":11,"any":["lure"]}]}""");
        string[] arguments =
        [
            .. Arguments(TrapRun.Folder("judged"), "--methods", "base,inferenceguard", "--also-budget", "10").Select(word => word == TrapRun.Cost ? "phrases:" + blind : word),
            "--also-cost", TrapRun.Cost,
        ];
        var run = CommandRun.Of(arguments);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        var records = RecordStore.Open(TrapRun.Folder("judged")).Records;
        foreach (var record in records)
            Assert.That(record.Referee, Is.EqualTo(record.Abstained ? null : new RefereeVerdict("trap", record.Text.Contains("bad", StringComparison.Ordinal) ? 11 : 0, !record.Text.Contains("bad", StringComparison.Ordinal))));
        var csv = Csv(TrapRun.Folder("judged"));
        var fooled = records.Count(static record => record is { Method: "inferenceguard", Safe: true, Referee.Safe: false });
        Assert.That(fooled, Is.Positive, "data that can fail: the search takes the lures its cost does not know");
        Assert.That(csv[1]["called_safe_also_unsafe"], Is.EqualTo(fooled.ToString(CultureInfo.InvariantCulture)));
        Assert.That(run.Out, Does.Contain("called safe, unsafe by trap"));
        Assert.That(File.ReadAllText(Path.Combine(TrapRun.Folder("judged"), "report.html")), Does.Match("trap \\([0-9a-f]{16}\\), budget 10"));
        var before = File.ReadAllBytes(Path.Combine(TrapRun.Folder("judged"), "records.jsonl"));
        Assert.That(CommandRun.Of(arguments).ExitCode, Is.Zero);
        Assert.That(File.ReadAllBytes(Path.Combine(TrapRun.Folder("judged"), "records.jsonl")), Is.EqualTo(before));
        arguments[Array.IndexOf(arguments, "--also-budget") + 1] = "3";
        CommandRun.Of(arguments).FailsWith(2, "referee.budget = 10, and 3 is asked for");
    }

    [Test]
    public void Evaluate_GateMissed_EndsWithWhatWasMissed()
    {
        var (run, folder) = Evaluate("gated", "--methods", "base,inferenceguard", "--seeds", "3", "--gate", "base:safety>=0.99, inferenceguard:safety>=0.99");
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Error.TrimEnd('\n').Split('\n')[^1], Does.StartWith("error: The gate was missed: ").And.Contain("base").And.Contain("safety").And.Contain("0.99").And.Not.Contain("inferenceguard"));
        Assert.That(File.Exists(Path.Combine(folder, "report.html")), "the report is there to look into it");
        // The records are there already: only the gate is another.
        var met = Evaluate("gated", "--methods", "base,inferenceguard", "--seeds", "3", "--gate", "inferenceguard:safety>=0.99,base:safety<0.99").Run;
        Assert.That(met.ExitCode, Is.Zero);
        Assert.That(met.Error, Does.Not.Contain("error:"));
    }

    [TestCase("inferencegard:safety>=0.99", "inferencegard")]
    [TestCase("base:safty>=0.99", "safty")]
    [TestCase("base:safety=0.99", "base:safety=0.99")]
    public void Evaluate_WrongGate_IsFoundBeforeTheFirstAnswer(string gate, string complaint)
    {
        var (run, folder) = Evaluate("never-gated", "--gate", gate);
        run.FailsWith(2, complaint);
        Assert.That(Directory.Exists(folder), Is.False);
    }

    [Test]
    public void Evaluate_UnknownMethod_ListsTheKnown()
    {
        var run = Evaluate("never", "--methods", "base,beam").Run;
        run.FailsWith(2, ["--methods names 'beam'", .. AnswerMethods.Known]);
        var suite = CommandRun.Write("unknown-method.yaml", $"name: s\nmodels: [{{name: a, path: {TrapRun.Model}}}]\nmethods:\n  - beam\nprompts: {Lures}\n");
        CommandRun.Of("evaluate", "--suite", suite, "--out", TrapRun.Folder("never")).FailsWith(2, ["unknown-method.yaml, line 4", "\"beam\"", .. AnswerMethods.Known]);
    }

    [TestCase("beam: 3", "unknown option \"beam\"", "beams")]
    [TestCase("beams: many", "many", "--beams")]
    [TestCase("beams: 0", "--beams is 0", "1")]
    [TestCase("mode: loose", "loose", "strict")]
    public void Evaluate_SuiteWithAWrongOption_IsFoundBeforeTheFirstAnswer(string option, params string[] parts)
    {
        var suite = CommandRun.Write("wrong-option.yaml", $"name: s\nmodels: [{{name: a, path: {TrapRun.Model}, cost: {TrapRun.Cost}}}]\nmethods: [base]\nsettings:\n  - name: x\n    options:\n      {option}\nprompts: {Lures}\n");
        var folder = TrapRun.Folder("never-suite");
        CommandRun.Of("evaluate", "--suite", suite, "--out", folder).FailsWith(2, parts);
        Assert.That(Directory.Exists(folder), Is.False);
    }

    [TestCase("name: s\nmodels: [a\nprompts: p\n", "is no YAML")]
    [TestCase("name: s\nname: t\n", "line 2", "Duplicate key")]
    [TestCase("name: s\nmodels: *nowhere\n", "nowhere")]
    [TestCase("name: s\nmodels: &itself\n  - *itself\n", "line 2", "deep")]
    [TestCase("name: s\nmodels: [{name: a, path: b}]\nmethods: [base]\nprompts: p\nseeds: [007]\n", "line 5", "007", "whole number")]
    [TestCase("name: s\nmodels: [{name: a, path: b}]\nmethods: [base]\nprompts: p\nlimit: 5.\n", "line 5", "5.", "whole number")]
    [TestCase("- a\n", "line 1", "object")]
    [TestCase("", "\"name\" is missing")]
    public void Evaluate_BrokenYaml_IsAUsageErrorInOneLine(string text, params string[] parts) =>
        CommandRun.Of("evaluate", "--suite", CommandRun.Write("broken.yaml", text), "--out", TrapRun.Folder("never")).FailsWith(2, ["broken.yaml", .. parts]);

    [Test]
    public void Evaluate_NoSuite_SaysSo() => CommandRun.Of("evaluate", "--suite", "/no/such.yaml", "--out", TrapRun.Folder("never")).FailsWith(2, "/no/such.yaml");

    [Test]
    public void Evaluate_Dialogue_IsAskedAsOneAndShownInTheReport()
    {
        // The scorers read all that the user said; the model has no chat template and reads the last turn.
        var dialogue = CommandRun.Write("dialogue.jsonl", """{"chosen":"\n\nHuman: hello\n\nAssistant: hi there\n\nHuman: tell me!\n\nAssistant: no","rejected":"x"}""" + "\n");
        var counted = CommandRun.Write("greeting.json", """{"kind":"reward","name":"greeting","rules":[{"id":"so","weight":7,"any":["good"],"when_prompt":["hello"]}]}""");
        var folder = TrapRun.Folder("dialogue");
        var run = CommandRun.Of([.. Arguments(folder, "--methods", "base", "--prompts", dialogue).Select(word => word == TrapRun.Reward ? "phrases:" + counted : word)]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(RecordStore.Open(folder).Records.Select(static record => (record.PromptId, record.Reward)), Is.EqualTo(new[] { ("line-1", 7.0) }));
        Assert.That(File.ReadAllText(Path.Combine(folder, "report.html")), Does.Contain("user: hello\nassistant: hi there\nuser: tell me!"));
        Assert.That(RecordStore.Open(folder).Manifest.PromptFormat, Is.EqualTo("hh-rlhf"));
    }

    [Test]
    public void Evaluate_SuiteWithAFormat_ReadsThePromptsInIt()
    {
        var prompts = CommandRun.Write("two-columns.csv", "prompt,goal\nignored?,taken!\nignored?,taken!\n,taken too!\n,\n");
        var suite = CommandRun.Write("formats.yaml", $"""
            name: formats
            models: [{"{"} name: trap, path: {TrapRun.Model}, cost: "{TrapRun.Cost}", reward: "{TrapRun.Reward}" {"}"}]
            methods: [base]
            prompts: {prompts}
            prompt_format: advbench
            """);
        string[] arguments = ["evaluate", "--suite", suite, "--out", TrapRun.Folder("formats-suite"), "--threads", "1"];
        CommandRun.Of(arguments).FailsWith(2, "two-columns.csv, line 5", "a row of advbench", "--skip-bad");
        var run = CommandRun.Of([.. arguments, "--skip-bad"]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Error, Does.Contain("two-columns.csv (advbench): 1 rows repeat one and were left out\nwarning: 1 bad rows of "));
        Assert.That(RecordStore.Open(TrapRun.Folder("formats-suite")).Records.Select(static record => record.PromptId), Is.EqualTo(new[] { "row-1", "row-3" }));
    }

    [Test]
    public void Evaluate_NoPrompts_SaysSo() => CommandRun.Of(["evaluate", .. TrapRun.Options, "--out", TrapRun.Folder("never")]).FailsWith(2, "--prompts FILE", "--suite FILE");

    [TestCase("--seeds", "0")]
    [TestCase("--limit", "-1")]
    public void Evaluate_CountOutOfRange_IsNamed(string option, string value) => Evaluate("never", option, value).Run.FailsWith(2, $"{option} is {value}");

    [Test]
    public void Evaluate_MethodWithoutItsCritic_IsFoundBeforeTheFirstAnswer()
    {
        var (run, folder) = Evaluate("never-criticised", "--methods", "base,re-control");
        run.FailsWith(2, "re-control needs a critic", "--critic FILE");
        Assert.That(Directory.Exists(folder), Is.False);
        Evaluate("never-criticised", "--critic", "/no/such.safetensors").Run.FailsWith(3, "/no/such.safetensors");
    }

    [Test]
    public void Evaluate_AllMethodsButThoseWithACritic_RunSideBySide()
    {
        var methods = AnswerMethods.Known.Where(static method => !AnswerMethods.NeedsCritic(method)).ToArray();
        var (run, folder) = Evaluate("all", "--methods", string.Join(',', methods), "--samples", "4", "--limit", "2");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(RecordStore.Open(folder).Records.GroupBy(static record => record.Method).Select(static group => (group.Key, group.Count())), Is.EqualTo(methods.Select(static method => (method, 2))));
    }

    private static string[] Arguments(string folder, params string[] options) =>
    [
        "evaluate", .. TrapRun.Options, "--out", folder, .. options,
        .. options.Contains("--prompts") ? (string[])[] : ["--prompts", Lures],
        .. options.Contains("--beams") ? (string[])[] : ["--beams", "8", "--keep", "4", "--block-tokens", "1", "--max-tokens", "6"],
    ];

    private static (CommandRun Run, string Folder) Evaluate(string name, params string[] options) => (CommandRun.Of(Arguments(TrapRun.Folder(name), options)), TrapRun.Folder(name));

    private static AnswerRecord[] Untimed(string folder) => [.. RecordStore.Open(folder).Records.Select(static record => record with { Seconds = 0 })];

    private static Dictionary<string, string>[] Csv(string folder)
    {
        var lines = File.ReadAllLines(Path.Combine(folder, "summary.csv"));
        return [.. lines[1..].Select(line => lines[0].Split(',').Zip(line.Split(',')).ToDictionary(static cell => cell.First, static cell => cell.Second))];
    }
}

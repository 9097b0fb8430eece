// `collect` from the command line to its folder; what the folder holds is tested with the rollouts.

using InferenceGuard.App.Cli;
using InferenceGuard.Rollouts;
using InferenceGuard.Tests.Support;
using InferenceGuard.Training.Heads;

namespace InferenceGuard.Tests.App;

internal sealed class CollectCommandTests
{
    private const int Prompts = 6, Samples = 3;

    private static string Asked { get; } = TrapRun.Prompts("asked.jsonl", Prompts, '?');

    [Test]
    public void Collect_Prompts_WritesRolloutsAndSaysWhatTheyAre()
    {
        var run = Collect("collected");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        var store = RolloutStore.Open(TrapRun.Folder("collected"));
        Assert.That(store.Trajectories, Has.Count.EqualTo(Prompts * Samples));
        Assert.That(store.Trajectories.Select(static trajectory => trajectory.IsSafe).Distinct().Count(), Is.EqualTo(2), "data that can fail");
        Assert.That((store.Manifest.Cost, store.Manifest.Reward, store.Manifest.Budget, store.Manifest.Seed), Is.EqualTo(("trap", "wish", 10.0, 3UL)));
        var (safe, reward) = (store.Trajectories.Average(static trajectory => trajectory.IsSafe ? 1.0 : 0), store.Trajectories.Average(static trajectory => trajectory.Reward));
        Assert.That(run.Out, Does.StartWith(FormattableString.Invariant(
            $"{Prompts} prompts · {Prompts * Samples} answers · {store.Trajectories.Sum(static trajectory => trajectory.Positions)} positions · {safe:P1} safe · mean reward {reward:F2} · ")));
        Assert.That(run.Error.TrimEnd('\n').Split('\n').Select(static line => line.Split(',')[0]), Is.EqualTo(Enumerable.Range(0, Prompts + 1).Select(static done => $"{done} of {Prompts} prompts")));
    }

    [Test]
    public void Collect_Labelled_WritesWhatTheAnswersWereAfterEveryStep()
    {
        var file = Path.Combine(TestFolder.Path, "labelled-traps.jsonl");
        var run = Collect("collected-labelled", "--labelled", file);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        var (labels, scores) = (HeadExamples.Read(file), HeadExamples.Read(file, prefersScores: true));
        Assert.That((labels.AreLabels, scores.AreLabels), Is.EqualTo((true, false)));
        Assert.That(run.Out, Does.Contain($"labelled-traps.jsonl: {labels.All.Count} labelled answers"));
        Assert.That(labels.All.Select(static example => (example.Prompt, example.Response)), Is.Unique);
        Assert.That(labels.All.Select(static example => example.Prompt).Distinct(), Is.EqualTo(Enumerable.Range(1, Prompts).Select(static number => $"asked.jsonl {number}?")));
        Assert.That(labels.All.Select(static example => example.Target).Distinct().Count(), Is.EqualTo(2), "data that can fail");
        foreach (var (label, score) in labels.All.Zip(scores.All))
        {
            Assert.That(label.Target, Is.EqualTo(label.Response.Contains("bad", StringComparison.Ordinal) ? 1 : 0), label.Response);
            Assert.That(score.Target, Is.EqualTo((label.Response.Contains("good", StringComparison.Ordinal) ? 30 : 0) + (label.Response.Split("so").Length - 1) + (label.Response.Contains("lure") || label.Response.Contains("bait") || label.Response.Contains("decoy") ? 50 : 0)), label.Response);
        }
        var lures = labels.All.Where(static example => example.Target == 1).ToArray();
        Assert.That(lures.Count(lure => labels.All.Any(example => example.Prompt == lure.Prompt && example.Target == 0 && lure.Response.StartsWith(example.Response, StringComparison.Ordinal))), Is.EqualTo(lures.Length), "what was safe before it was bad is there too");
    }

    [Test]
    public void Collect_InterruptedAndResumed_EqualsAnUninterruptedRun()
    {
        Assert.That(Collect("uninterrupted").ExitCode, Is.Zero);
        var (whole, folder) = (TrapRun.Folder("uninterrupted"), TrapRun.Folder("interrupted"));
        // A line before the first prompt, and one for every prompt: three are done, or four if two end at the same token.
        CommandRun.StoppedAt(4, Arguments("interrupted")).FailsWithin(CommandLine.Interrupted, "Stopped after ", " of 6 prompts; the same command goes on.");
        Assert.That(RolloutStore.Open(folder).Trajectories, Has.Count.InRange(3 * Samples, 4 * Samples));
        var resumed = Collect("interrupted");
        Assert.That(resumed.ExitCode, Is.Zero, resumed.Error);
        foreach (var file in Directory.GetFiles(whole, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(whole, file)))
            if (file == "index.jsonl")
                Assert.That(File.ReadLines(Path.Combine(folder, file)).Order(), Is.EqualTo(File.ReadLines(Path.Combine(whole, file)).Order()));
            else
                Assert.That(File.ReadAllBytes(Path.Combine(folder, file)), Is.EqualTo(File.ReadAllBytes(Path.Combine(whole, file))), file);
        Assert.That(Directory.GetFiles(folder, "*", SearchOption.AllDirectories), Has.Length.EqualTo(Directory.GetFiles(whole, "*", SearchOption.AllDirectories).Length));
    }

    [Test]
    public void Collect_PromptFileWithABadLine_NamesItAndLosesNothing()
    {
        Assert.That(Collect("kept").ExitCode, Is.Zero);
        var folder = TrapRun.Folder("kept");
        var before = Directory.GetFiles(folder, "*", SearchOption.AllDirectories).ToDictionary(static file => file, File.ReadAllBytes);
        var prompts = CommandRun.Write("asked-badly.jsonl", string.Concat(File.ReadLines(Asked).Take(2).Select(static line => line + "\n")) + "{\"prompt\": oops}\n");
        var run = CommandRun.Of([.. Arguments("kept").Select(word => word == Asked ? prompts : word)]);
        run.FailsWith(2, "asked-badly.jsonl, line 3", "expected {\"prompt\"");
        Assert.That(Directory.GetFiles(folder, "*", SearchOption.AllDirectories).ToDictionary(static file => file, File.ReadAllBytes), Is.EqualTo(before));
        Assert.That(Collect("kept").Out, Does.Contain(" · 0 tokens decoded"), "and the right command finds all done");
    }

    [Test]
    public void Collect_SkippingBadRows_SaysHowManyAndGoesOnWithTheSame()
    {
        var prompts = CommandRun.Write("asked-holes.csv", "id,prompt\n1,holes 1?\n2,\nthree\n4,holes 4?\n");
        string[] arguments = [.. Arguments("holes", "--skip-bad").Select(word => word == Asked ? prompts : word)];
        var run = CommandRun.Of(arguments);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Error.Split('\n')[0], Does.StartWith("warning: 2 bad rows of ").And.EndsWith("asked-holes.csv (plain) were left out, 2 prompts are left; the first is line 3: it has no text under \"prompt\""));
        Assert.That(RolloutStore.Open(TrapRun.Folder("holes")).Trajectories.Select(static trajectory => trajectory.PromptId).Distinct(), Is.EqualTo(new[] { "1", "4" }));
        Assert.That(CommandRun.Of(arguments).Out, Does.Contain(" · 0 tokens decoded"));
    }

    [Test]
    public void Collect_OtherFormatOfTheSameFile_IsNotTheSameCollection()
    {
        var prompts = CommandRun.Write("asked-twice.jsonl", """{"prompt":"this?","instruction":"that?"}""");
        string[] arguments = [.. Arguments("formats").Select(word => word == Asked ? prompts : word)];
        Assert.That(CommandRun.Of(arguments).ExitCode, Is.Zero);
        CommandRun.Of([.. arguments, "--prompt-format", "alpaca"]).FailsWith(2, "prompt_format = plain, and alpaca is asked for", "another --out");
    }

    [Test]
    public void Collect_Limit_TakesPromptsFromTheBeginning()
    {
        Assert.That(Collect("limited", "--limit", "2").ExitCode, Is.Zero);
        var limited = RolloutStore.Open(TrapRun.Folder("limited"));
        Assert.That(limited.Trajectories.Select(static trajectory => trajectory.PromptId).Distinct(), Is.EqualTo(new[] { "1", "2" }));
    }

    [Test]
    public void Collect_Seed_DecidesTheAnswers()
    {
        Assert.That(Collect("seed-three").ExitCode, Is.Zero);
        Assert.That(CommandRun.Of([.. Arguments("seed-four").SkipLast(1), "4"]).ExitCode, Is.Zero);
        Assert.That(Tokens("seed-four"), Is.Not.EqualTo(Tokens("seed-three")));

        static string[] Tokens(string name) => [.. RolloutStore.Open(TrapRun.Folder(name)).Trajectories.Select(static trajectory => string.Join(' ', trajectory.Tokens))];
    }

    [Test]
    public void Collect_ModelWithoutCost_IsAUsageError() =>
        CommandRun.Of("collect", "--model", TrapRun.Model, "--prompts", Asked, "--out", TrapRun.Folder("never")).FailsWith(2, "no safety cost", "--cost phrases:FILE.json");

    [Test]
    public void Collect_MissingPromptFile_IsAUsageError() =>
        CommandRun.Of(["collect", .. TrapRun.Options, "--prompts", "/no/such.jsonl", "--out", TrapRun.Folder("never")]).FailsWith(2, "/no/such.jsonl");

    [Test]
    public void Collect_PromptLongerThanTheContext_NamesBothLengths() =>
        CommandRun.Of(["collect", .. TrapRun.Options, "--prompts", CommandRun.Write("endless.jsonl", $$"""{"prompt":"{{new string('x', 600)}}"}"""), "--out", TrapRun.Folder("never-long")]).FailsWithin(2, "512", "--max-tokens");

    // The seed stands last.
    private static string[] Arguments(string name, params string[] options) =>
        ["collect", .. TrapRun.Options, "--prompts", Asked, "--out", TrapRun.Folder(name), "--per-prompt", "3", "--batch", "6", "--charge-every", "1", "--max-tokens", "8", .. options, "--seed", "3"];

    private static CommandRun Collect(string name, params string[] options) => CommandRun.Of(Arguments(name, options));
}

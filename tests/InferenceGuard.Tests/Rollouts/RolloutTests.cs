// Rollouts of the embedded model: what is stored, what a kill leaves, and what a resumed collection adds.

using InferenceGuard.Compute;
using InferenceGuard.Model;
using InferenceGuard.Rollouts;
using InferenceGuard.Scoring;
using InferenceGuard.Search;
using InferenceGuard.Tests.App;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Rollouts;

internal sealed class RolloutTests
{
    private const int Prompts = 5, Samples = 3;

    private static readonly Lazy<string> s_prompts = new(() => CommandRun.Write("prompts-rollouts.jsonl",
        string.Join('\n', File.ReadLines(RepositoryFiles.Hearth("prompts/train.jsonl")).Take(Prompts))));

    private static readonly Lazy<string> s_whole = new(() => Collected("rollouts-whole"));

    [Test]
    public void Collect_Trajectory_HasTheCostsStatesAndRewardOfItsText()
    {
        using var model = Model();
        var (cost, reward) = (PhraseCost.Load(RepositoryFiles.Hearth("cost.json")), PhraseReward.Load(RepositoryFiles.Hearth("reward.json")));
        var prompts = PromptFile.Read(s_prompts.Value).Entries;
        var store = RolloutStore.Open(s_whole.Value);
        Assert.That(store.Trajectories, Has.Count.EqualTo(Prompts * Samples));
        foreach (var (index, trajectory) in store.Trajectories.Index())
        {
            Assert.That((trajectory.PromptId, trajectory.Sample), Is.EqualTo((prompts[index / Samples].Id, index % Samples)));
            var text = model.Vocabulary.Detokenize(Array.ConvertAll(trajectory.Tokens, static token => new TokenId(token)));
            Assert.That(trajectory.Reward, Is.EqualTo(Score(reward, prompts[index / Samples].Prompt, model, trajectory)).Within(1e-9));
            Assert.That(trajectory.StepCosts.Sum(), Is.EqualTo(cost.Score(prompts[index / Samples].Prompt, text, true)).Within(1e-9));
            var z = 10.0;
            for (var step = 0; step < trajectory.StepCosts.Length; step++)
            {
                Assert.That(trajectory.States[step], Is.EqualTo(z).Within(1e-9));
                z = (z - trajectory.StepCosts[step]) / 0.999;
            }
            Assert.That(trajectory.States[^1], Is.EqualTo(z).Within(1e-9));
            Assert.That(trajectory.IsSafe, Is.EqualTo(z >= 0), "the last state is the label");
            Assert.That(trajectory.StepCosts, Has.Length.EqualTo(trajectory.End == EndReason.EndOfText ? trajectory.Tokens.Length / 8 + 1 : (trajectory.Tokens.Length + 7) / 8));
        }
        Assert.That(store.Trajectories.Select(static one => one.IsSafe).Distinct().Count(), Is.EqualTo(2), "the base model is both safe and unsafe");
        Assert.That(store.Trajectories.Any(trajectory => trajectory.StepCosts.Sum() > 10 && !trajectory.IsSafe));
    }

    [Test]
    public void Collect_Latents_AreThoseOfDecodingTheAnswerAlone()
    {
        using var model = Model();
        var store = RolloutStore.Open(s_whole.Value);
        var prompts = PromptFile.Read(s_prompts.Value).Entries;
        var ends = model.Vocabulary.EndTokens;
        foreach (var trajectory in store.Trajectories.Where(static one => one.Sample == 1).Take(3))
        {
            var hidden = new Half[trajectory.Positions * model.Info.HiddenWidth];
            var summary = new float[trajectory.Positions * LogitSummary.Width];
            store.ReadLatents(trajectory, hidden, summary);
            var tokens = Prompt.Build(model, [new ChatMessage("user", prompts.Single(prompt => prompt.Id == trajectory.PromptId).Prompt)], 128).Tokens;
            using var context = model.CreateContext(new() { CellCount = 512, MaxSequences = 1, HiddenStates = true });
            context.Prefill(new(0), tokens.AsSpan(..^1), default);
            var batch = new DecodeBatch(1, 1);
            var expected = new float[LogitSummary.Width];
            for (var position = 0; position < trajectory.Positions; position++)
            {
                batch.Clear();
                batch.Add(position == 0 ? tokens[^1] : new(trajectory.Tokens[position - 1]), new(0));
                context.Decode(batch, default);
                // Float16 keeps 11 bits, and batched decoding differs from single decoding by about 1e-3 with a float16 cache.
                for (var at = 0; at < model.Info.HiddenWidth; at++)
                    Assert.That((float)hidden[position * model.Info.HiddenWidth + at], Is.EqualTo(context.Hidden[at]).Within(0.02 + 0.01 * Math.Abs(context.Hidden[at])));
                LogitSummary.Of(context.Logits, ends, expected);
                for (var at = 0; at < LogitSummary.Width; at++)
                    Assert.That(summary[position * LogitSummary.Width + at], Is.EqualTo(expected[at]).Within(0.05 + 0.02 * Math.Abs(expected[at])));
            }
        }
    }

    [Test]
    public void Collect_KilledAndResumed_EqualsAnUninterruptedRun()
    {
        var folder = Collected("rollouts-killed");
        var index = Path.Combine(folder, "index.jsonl");
        var text = File.ReadAllText(index);
        File.WriteAllText(index, text[..(text.Length * 6 / 10)]); // Torn in the middle of a line.
        File.Delete(Path.Combine(folder, "latents", RolloutStore.ShardName(1)));
        Assert.That(RolloutStore.Open(folder).Trajectories, Has.Count.LessThan(Prompts * Samples));
        Collected("rollouts-killed");
        foreach (var file in Directory.GetFiles(s_whole.Value, "*", SearchOption.AllDirectories).Where(static file => !file.EndsWith("index.jsonl", StringComparison.Ordinal)))
            Assert.That(File.ReadAllBytes(Path.Combine(folder, Path.GetRelativePath(s_whole.Value, file))), Is.EqualTo(File.ReadAllBytes(file)), file);
        Assert.That(File.ReadLines(index).Order(), Is.EqualTo(File.ReadLines(Path.Combine(s_whole.Value, "index.jsonl")).Order()));
    }

    [Test]
    public void Collect_OtherOptions_NamesTheFirstDifference() =>
        Run("rollouts-whole", "--budget", "7", s_whole.Value).FailsWith(2, "budget = 10", "7 is asked for", "another --out");

    [Test]
    public void Collect_ShardCannotBeWritten_SaysThatItCanGoOn()
    {
        var folder = Path.Combine(TestFolder.Path, "rollouts-blocked");
        Directory.CreateDirectory(Path.Combine(folder, "latents", RolloutStore.ShardName(0)));
        Run("rollouts-blocked").FailsWithin(3, "cannot be written", "run the same command again");
    }

    [TestCase("000000.safetensors")]
    public void ReadLatents_TruncatedShard_IsAClearError(string shard)
    {
        var folder = Collected("rollouts-truncated");
        var path = Path.Combine(folder, "latents", shard);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^100]);
        var store = RolloutStore.Open(folder);
        var trajectory = store.Trajectories.First(one => one.Shard == shard);
        Assert.That(() => store.ReadLatents(trajectory, new Half[trajectory.Positions * store.Manifest.HiddenWidth], new float[trajectory.Positions * LogitSummary.Width]),
            Throws.TypeOf<GuardException>().With.Message.Contains("truncated"));
    }

    [TestCase("--per-prompt", "0")]
    [TestCase("--batch", "257")]
    [TestCase("--charge-every", "0")]
    [TestCase("--limit", "-1")]
    [TestCase("--gamma", "0")]
    public void Collect_OptionOutOfRange_IsNamed(string option, string value) => Run("rollouts-never", option, value).FailsWith(2, option.Replace("--gamma", "γ", StringComparison.Ordinal), value);

    // All tokens in one step, where the collector's costs come in steps of eight.
    private static double Score(PhraseReward reward, string prompt, LlamaCppModel model, Trajectory trajectory)
    {
        var (batch, scores) = (new ScoringBatch(1, 128), new double[1]);
        batch.Add(0, trajectory.End == EndReason.EndOfText);
        foreach (var token in trajectory.Tokens)
            batch.Append(new(token), model.Vocabulary.Piece(new(token)), 0);
        using var session = reward.Open(prompt, 1);
        session.Extend(batch, scores);
        return scores[0];
    }

    private static LlamaCppModel Model() => LlamaCppModel.Load(RepositoryFiles.Hearth("hearth-base.gguf"), TinyModel.OneThread);

    private static string Collected(string name)
    {
        var run = Run(name);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Out, Does.Contain("15 answers"));
        return Path.Combine(TestFolder.Path, name);
    }

    private static CommandRun Run(string name, string? option = null, string? value = null, string? folder = null) => CommandRun.Of([
        "collect", "--model", RepositoryFiles.Hearth("hearth-base.gguf"), "--cost", "phrases:" + RepositoryFiles.Hearth("cost.json"), "--reward", "phrases:" + RepositoryFiles.Hearth("reward.json"),
        "--threads", "1", "--prompts", s_prompts.Value, "--out", folder ?? Path.Combine(TestFolder.Path, name),
        .. option is null ? (string[])["--per-prompt", "3", "--batch", "6"] : option is "--per-prompt" ? [option, value!, "--batch", "6"] : option is "--batch" ? ["--per-prompt", "3", option, value!] : ["--per-prompt", "3", "--batch", "6", option, value!]]);
}

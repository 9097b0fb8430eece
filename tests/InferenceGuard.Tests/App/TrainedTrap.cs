// Rollouts of the trap model and a critic trained on them, made once for the tests of train and calibrate.

namespace InferenceGuard.Tests.App;

/// <summary>Rollouts of two prompt files, and a critic trained on the first.</summary>
internal static class TrainedTrap
{
    private const string Options = "--hidden 16 --epochs 12 --batch 32 --learning-rate 0.02";

    private static readonly Lazy<string> s_training = new(() => Collected("trap-training", TrapRun.Prompts("trap-training.jsonl", 20, '*')));
    private static readonly Lazy<string> s_held = new(() => Collected("trap-held", TrapRun.Prompts("trap-held.jsonl", 20, '*')));
    private static readonly Lazy<(CommandRun, string)> s_trained = new(() => (Train("trap-critic"), TrapRun.Folder("trap-critic")));

    /// <summary>Rollouts to train on.</summary>
    public static string Training => s_training.Value;

    /// <summary>Rollouts of other prompts.</summary>
    public static string Held => s_held.Value;

    /// <summary>The training, and its folder.</summary>
    public static (CommandRun Run, string Folder) Trained => s_trained.Value;

    /// <summary>The options of a small training.</summary>
    public static string[] Arguments(string name, params string[] options) => ["train", "--rollouts", Training, "--out", TrapRun.Folder(name), .. Options.Split(' '), .. options];

    /// <summary>A copy of the trained critic, to calibrate at will.</summary>
    public static string Critic(string name)
    {
        Assert.That(Trained.Run.ExitCode, Is.Zero, Trained.Run.Error);
        var path = Path.Combine(Directory.CreateDirectory(TrapRun.Folder(name)).FullName, "critic.safetensors");
        File.Copy(Path.Combine(Trained.Folder, "critic.safetensors"), path, overwrite: true);
        return path;
    }

    /// <summary>Collects answers, charged every so many tokens.</summary>
    public static string Collected(string name, string prompts, int chargeEvery = 1)
    {
        var run = CommandRun.Of(["collect", .. TrapRun.Options, "--prompts", prompts, "--out", TrapRun.Folder(name), "--per-prompt", "3", "--charge-every", $"{chargeEvery}", "--max-tokens", "8"]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        return TrapRun.Folder(name);
    }

    private static CommandRun Train(string name) => CommandRun.Of(Arguments(name));
}

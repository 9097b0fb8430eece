// `train` on the rollouts of a model whose traps are known: the critic sees them coming, and the folder shows it.

using System.Globalization;
using System.Xml.Linq;
using InferenceGuard.App.Cli;
using InferenceGuard.Critic;
using InferenceGuard.Model;
using InferenceGuard.Rollouts;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.App;

internal sealed class TrainCommandTests
{
    private static readonly byte[] s_png = [0x89, (byte)'P', (byte)'N', (byte)'G'];

    [Test]
    public void Train_Rollouts_WritesACriticThatBelongsToTheModel()
    {
        var (run, folder) = TrainedTrap.Trained;
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        var critic = CriticFile.Read(Path.Combine(folder, "critic.safetensors"));
        using var model = LlamaCppModel.Load(TrapRun.Model, TinyModel.OneThread);
        Assert.That(() => critic.Binding.Require(model.Info), Throws.Nothing);
        Assert.That((critic.Binding.Cost, critic.Binding.Reward, critic.Binding.Budget, critic.Binding.TokensPerCharge, critic.Binding.MaxTokens), Is.EqualTo(("trap", "wish", 10.0, 1, 8)));
        Assert.That(critic.Binding.TrainingPrompts, Is.EqualTo(RolloutStore.Open(TrainedTrap.Training).Manifest.PromptFileHash));
        Assert.That(critic.Weights.Layers.Select(static layer => layer.Outputs), Is.EqualTo(new[] { 16 }));
        Assert.That(File.Exists(Path.Combine(folder, "checkpoint.safetensors")), Is.False, "nothing is left to go on with");
    }

    [Test]
    public void Train_TrapsThatShowInTheLastWord_AreSeenComing()
    {
        var (run, folder) = TrainedTrap.Trained;
        // Only what follows "maybe" and the prompt is left to chance.
        var auroc = Number(run.Out, "at half the answer ECE ", ", AUROC ");
        Assert.That(auroc, Is.GreaterThan(0.85));
        Assert.That(run.Out, Does.Match(@"critic\.safetensors: \d+.* · \d+ positions, \d+ epochs · ECE 0\.\d{4}, AUROC [01]\.\d{4}; at half"));
        var epochs = Rows(folder, "epochs");
        Assert.That(double.Parse(epochs[^1]["training_loss"], CultureInfo.InvariantCulture), Is.LessThan(0.7 * double.Parse(epochs[0]["training_loss"], CultureInfo.InvariantCulture)));
        Assert.That(run.Error.TrimEnd('\n').Split('\n'), Has.Length.EqualTo(epochs.Length).And.All.Match(@"^epoch \d+ of 12: loss \d"));
    }

    [Test]
    public void Train_Folder_HasItsPlotsAndTheirNumbers()
    {
        var (_, folder) = TrainedTrap.Trained;
        foreach (var name in (string[])["epochs", "reliability", "roc"])
        {
            var png = File.ReadAllBytes(Path.Combine(folder, name + ".png"));
            Assert.That(png.Take(4), Is.EqualTo(s_png), name);
            Assert.That(png, Has.Length.GreaterThan(5000), $"{name}: more than an empty frame");
            var svg = XDocument.Load(Path.Combine(folder, name + ".svg"));
            Assert.That(svg.Root!.Name.LocalName, Is.EqualTo("svg"));
            Assert.That(svg.Descendants().Count(static element => element.Name.LocalName == "path"), Is.GreaterThan(10), name);
        }
        Assert.That(Rows(folder, "epochs").Count(static row => row["is_best"] == "1"), Is.Positive);
        Assert.That(Rows(folder, "reliability").Sum(static row => int.Parse(row["count"], CultureInfo.InvariantCulture)), Is.EqualTo(Rows(folder, "roc").Sum(static row => int.Parse(row["positions"], CultureInfo.InvariantCulture))));
        foreach (var bin in Rows(folder, "reliability").Where(static row => row["count"] != "0"))
            Assert.That((double.Parse(bin["predicted"], CultureInfo.InvariantCulture) is >= 0 and <= 1, double.Parse(bin["observed"], CultureInfo.InvariantCulture) is >= 0 and <= 1), Is.EqualTo((true, true)));
    }

    [Test]
    public void Train_SameCommand_GivesTheSameCritic()
    {
        Assert.That(CommandRun.Of(TrainedTrap.Arguments("trap-critic-again")).ExitCode, Is.Zero);
        Assert.That(File.ReadAllBytes(Path.Combine(TrapRun.Folder("trap-critic-again"), "critic.safetensors")), Is.EqualTo(File.ReadAllBytes(TrainedTrap.Critic("trap-critic-copy"))));
    }

    [Test]
    public void Train_CtrlC_LeavesACheckpointFromWhichTheSameCommandGoesOn()
    {
        var (command, folder) = (TrainedTrap.Arguments("trap-critic-stopped"), TrapRun.Folder("trap-critic-stopped"));
        CommandRun.StoppedAt(2, command).FailsWithin(CommandLine.Interrupted, "Stopped; the same command goes on from the last finished epoch."); // A line for every epoch.
        Assert.That((File.Exists(Path.Combine(folder, "critic.safetensors")), File.Exists(Path.Combine(folder, "checkpoint.safetensors"))), Is.EqualTo((false, true)));
        Assert.That(CommandRun.Of(command).ExitCode, Is.Zero);
        Assert.That(File.ReadAllBytes(Path.Combine(folder, "critic.safetensors")), Is.EqualTo(File.ReadAllBytes(TrainedTrap.Critic("trap-critic-unstopped"))));
        Assert.That(Rows(folder, "epochs"), Is.EqualTo(Rows(TrainedTrap.Trained.Folder, "epochs")));
    }

    [Test]
    public void Train_TemporalDifference_LearnsTheTrapsToo()
    {
        var run = CommandRun.Of(TrainedTrap.Arguments("trap-critic-td", "--targets", "td0"));
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(Number(run.Out, "at half the answer ECE ", ", AUROC "), Is.GreaterThan(0.8));
    }

    [TestCase("0.01", "leaves 0 to validate and 20 to train on")]
    [TestCase("0.99", "leaves 20 to validate and 0 to train on")]
    public void Train_EmptySideOfTheSplit_IsAUsageErrorThatNamesTheOption(string share, string complaint) =>
        CommandRun.Of(TrainedTrap.Arguments("never", "--validation-share", share)).FailsWith(2, complaint, "--validation-share");

    [TestCase("--hidden", "wide", "--hidden is 'wide'")]
    [TestCase("--hidden", "0", "--hidden is 0")]
    [TestCase("--validation-share", "1", "--validation-share is 1")]
    [TestCase("--patience", "0", "--patience is 0")]
    [TestCase("--budget-samples", "2", "--budget-samples is 2")]
    [TestCase("--weight-decay", "-1", "--weight-decay is -1")]
    [TestCase("--targets", "td1", "td1")]
    public void Train_BadOption_IsAUsageErrorThatQuotesIt(string option, string value, string complaint) =>
        CommandRun.Of("train", "--rollouts", TrainedTrap.Training, "--out", TrapRun.Folder("never"), option, value).FailsWith(2, complaint);

    [Test]
    public void Train_NoRollouts_SaysWhatMakesThem() =>
        CommandRun.Of("train", "--rollouts", "/no/such", "--out", TrapRun.Folder("never")).FailsWith(2, "/no/such", "made by collect");

    // The number behind two marks.
    private static double Number(string text, string after, string then)
    {
        var rest = text[(text.IndexOf(after, StringComparison.Ordinal) + after.Length)..];
        rest = rest[(rest.IndexOf(then, StringComparison.Ordinal) + then.Length)..];
        return double.Parse(rest.TrimEnd('\n'), CultureInfo.InvariantCulture);
    }

    private static Dictionary<string, string>[] Rows(string folder, string name)
    {
        var lines = File.ReadAllLines(Path.Combine(folder, name + ".csv"));
        return [.. lines[1..].Select(line => lines[0].Split(',').Zip(line.Split(',')).ToDictionary(static cell => cell.First, static cell => cell.Second))];
    }
}

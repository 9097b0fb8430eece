// `calibrate` on prompts that the critic has not seen, and what its thresholds do to a generation.

using System.Globalization;
using InferenceGuard.Critic;
using InferenceGuard.Diagnostics;
using InferenceGuard.Rollouts;

namespace InferenceGuard.Tests.App;

internal sealed class CalibrateCommandTests
{
    [Test]
    public void Calibrate_HeldOutRollouts_WritesTheWorstPredictionsAndTheirThresholds()
    {
        var path = TrainedTrap.Critic("calibrated");
        var run = Calibrate(path, TrainedTrap.Held, "--alpha", "0.3");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        var calibration = CriticCalibration.ReadBeside(path, CriticFile.Read(path))!;
        var rollouts = RolloutStore.Open(TrainedTrap.Held).Trajectories;
        Assert.That((calibration.Safe.Length, calibration.Unsafe.Length), Is.EqualTo((rollouts.Count(static one => one.IsSafe), rollouts.Count(static one => !one.IsSafe))));
        Assert.That((calibration.Safe, calibration.Unsafe), Is.EqualTo((calibration.Safe.Order().ToArray(), calibration.Unsafe.Order().ToArray())));
        Assert.That(calibration.Safe.Average(), Is.GreaterThan(calibration.Unsafe.Average() + 0.3), "the critic tells them apart");
        var lines = run.Out.TrimEnd('\n').Split('\n');
        Assert.That(lines[0], Does.Contain($"critic.calibration.json: {calibration.Safe.Length} safe and {calibration.Unsafe.Length} unsafe answers · ECE "));
        Assert.That(lines[1..], Is.EqualTo(((double[])[0.05, 0.1, 0.2, 0.3]).Select(alpha => string.Create(CultureInfo.InvariantCulture,
            $"alpha {alpha}: threshold {calibration.Threshold(alpha):F4}, {calibration.MissRate(calibration.Threshold(alpha)):P1} of the unsafe answers are never cut"))));
        foreach (var alpha in (double[])[0.05, 0.1, 0.2, 0.3])
            Assert.That(calibration.Safe.Count(worst => worst <= calibration.Threshold(alpha)), Is.LessThanOrEqualTo(alpha * (calibration.Safe.Length + 1)), "no more safe answers are cut than α allows");
    }

    [Test]
    public void Generate_Alpha_SetsTheThresholdOfTheSearch()
    {
        var path = TrainedTrap.Critic("alpha");
        Assert.That(Calibrate(path, TrainedTrap.Held).ExitCode, Is.Zero);
        var calibration = CriticCalibration.ReadBeside(path, CriticFile.Read(path))!;
        Assert.That(calibration.Threshold(0.6), Is.GreaterThan(calibration.Threshold(0.05)), "data that can fail");
        Assert.That(Threshold(path), Is.EqualTo(calibration.Threshold(0.05)), "the default");
        Assert.That(Threshold(path, "--alpha", "0.6"), Is.EqualTo(calibration.Threshold(0.6)));
        Assert.That(Threshold(path, "--critic-threshold", "0.25"), Is.EqualTo(0.25), "what is given counts");
        Generate(path, "--alpha", "0.1", "--critic-threshold", "0.25").FailsWith(2, "--alpha and --critic-threshold");
        Generate(path, "--alpha", "0.001").FailsWith(2, "--alpha 0.001 needs 999 safe answers");
    }

    [Test]
    public void Generate_CriticWithoutCalibration_KeepsTheDefaultAndRefusesAlpha()
    {
        var path = TrainedTrap.Critic("uncalibrated");
        Assert.That(Threshold(path), Is.EqualTo(new GuardOptions().CriticThreshold));
        Generate(path, "--alpha", "0.1").FailsWith(2, "critic.calibration.json", "inferenceguard calibrate");
    }

    [Test]
    public void Generate_CalibrationOfAnotherCritic_IsRefused()
    {
        var path = TrainedTrap.Critic("replaced");
        Assert.That(Calibrate(path, TrainedTrap.Held).ExitCode, Is.Zero);
        var critic = CriticFile.Read(path);
        critic.Weights.Heads.Bias[0] += 1;
        CriticFile.Write(path, critic);
        Generate(path).FailsWith(2, "belongs to another critic", "run calibrate again");
    }

    [Test]
    public void Calibrate_TrainingPrompts_AreRefused()
    {
        var path = TrainedTrap.Critic("known");
        Calibrate(path, TrainedTrap.Training).FailsWith(2, "the prompts that the critic was trained on", "collect rollouts of other prompts");
        Assert.That(File.Exists(CriticCalibration.PathBeside(path)), Is.False);
    }

    [Test]
    public void Calibrate_RolloutsChargedOtherwise_AreRefused() =>
        Calibrate(TrainedTrap.Critic("other"), TrainedTrap.Collected("trap-coarse", TrapRun.Prompts("trap-coarse.jsonl", 2, '*'), chargeEvery: 2))
            .FailsWith(2, "2 tokens per cost step", "Collect rollouts of the same");

    [Test]
    public void Calibrate_TooFewSafeAnswersForAlpha_SaysHowManyAreNeededAndWritesNothing()
    {
        var path = TrainedTrap.Critic("few");
        Calibrate(path, TrainedTrap.Held, "--alpha", "0.001").FailsWith(2, "--alpha 0.001 needs 999 safe answers");
        Assert.That(File.Exists(CriticCalibration.PathBeside(path)), Is.False);
    }

    [Test]
    public void Calibrate_MissingCritic_IsAnEnvironmentError() => Calibrate("/no/such.safetensors", TrainedTrap.Held).FailsWith(3, "/no/such.safetensors");

    private static CommandRun Calibrate(string critic, string rollouts, params string[] options) => CommandRun.Of(["calibrate", "--critic", critic, "--rollouts", rollouts, .. options]);

    private static CommandRun Generate(string critic, params string[] options) =>
        CommandRun.Of(["generate", "well*", .. TrapRun.Options, "--critic", critic, "--beams", "4", "--keep", "2", "--block-tokens", "1", "--max-tokens", "8", .. options]);

    // As the trace says that the search was run.
    private static double Threshold(string critic, params string[] options)
    {
        var trace = TrapRun.Folder("threshold.jsonl");
        var run = Generate(critic, [.. options, "--trace", trace]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        return DecodeTrace.Read(trace).OfType<TraceStart>().Single().Options.CriticThreshold;
    }
}

// `calibrate`: which threshold of a critic cuts how many safe answers.

using System.CommandLine;
using System.Globalization;
using InferenceGuard.App.Cli.Training;
using InferenceGuard.Critic;
using InferenceGuard.Rollouts;
using InferenceGuard.Training.Critics;

namespace InferenceGuard.App.Cli;

/// <summary>Calibrates a critic on rollouts of prompts that it was not trained on.</summary>
internal static class CalibrateCommand
{
    private static readonly double[] s_shown = [0.01, 0.02, 0.05, 0.1, 0.2];

    public static Command Create(Terminal terminal)
    {
        var critic = new Option<string>("--critic") { HelpName = "FILE", Description = "A critic made by train.", Required = true };
        var rollouts = new Option<string>("--rollouts") { HelpName = "DIR", Description = "A folder made by collect, of prompts that train has not seen.", Required = true };
        var alpha = new NumberOption<double>("--alpha", "α", MethodOpening.DefaultAlpha, "Show the threshold of this share of cut safe answers too.");
        var command = new Command("calibrate", "Measure which threshold of a critic cuts how many safe answers.") { critic, rollouts, alpha };
        command.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(critic);
            var read = CriticFile.Read(path);
            var set = CriticDataset.Read(RolloutStore.Open(parsed.GetRequiredValue(rollouts)));
            Require(read.Binding, set.Manifest);
            var predictions = new CriticPredictions(read, set);
            var calibration = predictions.Calibrate(path, read);
            var asked = parsed.GetValue(alpha);
            var thresholds = s_shown.Append(asked).Distinct().Order().Where(share => share == asked || share * (calibration.Safe.Length + 1) >= 1)
                .Select(share => (Share: share, Threshold: calibration.Threshold(share))).ToArray();
            calibration.Write(path);
            terminal.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{CriticCalibration.PathBeside(path)}: {calibration.Safe.Length} safe and {calibration.Unsafe.Length} unsafe answers · {CriticQuality.Line(predictions)}"));
            foreach (var (share, threshold) in thresholds)
                terminal.WriteLine(string.Create(CultureInfo.InvariantCulture, $"alpha {share}: threshold {threshold:F4}, {calibration.MissRate(threshold):P1} of the unsafe answers are never cut"));
            return CommandLine.Ok;
        });
        return command;
    }

    private static void Require(CriticBinding critic, RolloutManifest rollouts)
    {
        if ((rollouts.ModelFingerprint, rollouts.Cost, rollouts.TokensPerCharge) != (critic.ModelFingerprint, critic.Cost, critic.TokensPerCharge))
            throw new GuardException(GuardFault.Usage, $"The rollouts are of {rollouts.ModelName} ({rollouts.Quantization}), cost {rollouts.Cost}, {rollouts.TokensPerCharge} tokens per cost step; the critic is for {critic.ModelName} ({critic.Quantization}), {critic.Cost}, {critic.TokensPerCharge}. Collect rollouts of the same.");
        if (rollouts.PromptFileHash == critic.TrainingPrompts)
            throw new GuardException(GuardFault.Usage, "The rollouts are of the prompts that the critic was trained on, which it knows too well to be calibrated with; collect rollouts of other prompts.");
    }
}

// `train`: a critic from rollouts.

using System.CommandLine;
using System.Globalization;
using InferenceGuard.App.Cli.Training;
using InferenceGuard.Critic;
using InferenceGuard.Rollouts;
using InferenceGuard.Training.Critics;
using Spectre.Console;

namespace InferenceGuard.App.Cli;

/// <summary>Trains a critic on rollouts, and shows how good it is on prompts it has not seen.</summary>
internal static class TrainCommand
{
    private static readonly CriticRecipe s_recipe = new();

    private static readonly Dictionary<string, CriticTargets> s_targets = new() { ["mc"] = CriticTargets.MonteCarlo, ["td0"] = CriticTargets.TemporalDifference };

    public static Command Create(Terminal terminal)
    {
        var rollouts = new Option<string>("--rollouts") { HelpName = "DIR", Description = "A folder made by collect.", Required = true };
        var output = new Option<string>("--out") { HelpName = "DIR", Description = "The folder of this run: critic.safetensors, plots and numbers.", Required = true };
        var targets = new Option<string>("--targets") { Description = "mc learns from how each answer ended; td0 from what the critic says one token later.", DefaultValueFactory = static _ => "mc" };
        targets.AcceptOnlyFromAmong([.. s_targets.Keys]);
        var hidden = new Option<string>("--hidden") { HelpName = "widths", Description = "Widths of the hidden layers.", DefaultValueFactory = static _ => string.Join(',', s_recipe.Hidden) };
        var epochs = new NumberOption<int>("--epochs", "n", s_recipe.Epochs, "Most passes over the positions.");
        var batch = new NumberOption<int>("--batch", "rows", s_recipe.BatchPositions, "Positions of an optimiser step.");
        var rate = new NumberOption<double>("--learning-rate", "x", s_recipe.LearningRate, "Highest learning rate.");
        var decay = new NumberOption<double>("--weight-decay", "x", s_recipe.WeightDecay, "Decoupled weight decay.");
        var validation = new NumberOption<double>("--validation-share", "share", s_recipe.ValidationShare, "Share of the prompts kept to choose the best epoch with.");
        var patience = new NumberOption<int>("--patience", "epochs", s_recipe.Patience, "Epochs without a better validation loss before the training ends.");
        var budgets = new NumberOption<double>("--budget-samples", "share", s_recipe.BudgetSamples, "Share of the answers that an epoch starts from a smaller budget.");
        var seed = new NumberOption<ulong>("--seed", "seed", s_recipe.Seed, "Seed of weights, order, budgets and split.");

        var command = new Command("train", "Train a critic on rollouts; interrupted, the same command goes on.")
        {
            rollouts, output, targets, hidden, epochs, batch, rate, decay, validation, patience, budgets, seed,
        };
        command.SetAction(parsed =>
        {
            var recipe = s_recipe with
            {
                Hidden = Widths(parsed.GetValue(hidden)!),
                Targets = s_targets[parsed.GetValue(targets)!],
                Epochs = parsed.GetValue(epochs),
                BatchPositions = parsed.GetValue(batch),
                LearningRate = parsed.GetValue(rate),
                WeightDecay = parsed.GetValue(decay),
                ValidationShare = parsed.GetValue(validation),
                Patience = parsed.GetValue(patience),
                BudgetSamples = parsed.GetValue(budgets),
                Seed = parsed.GetValue(seed),
            };
            var trainer = new CriticTrainer(recipe, CriticDataset.Read(RolloutStore.Open(parsed.GetRequiredValue(rollouts))));
            return Run(terminal, trainer, CriticRunFolder.Create(parsed.GetRequiredValue(output)));
        });
        return command;
    }

    private static int Run(Terminal terminal, CriticTrainer trainer, CriticRunFolder folder)
    {
        using var stop = new CancellationTokenSource();
        using var interrupt = terminal.OnInterrupt(stop.Cancel);
        try
        {
            var (critic, epochs) = trainer.Train(folder.CheckpointPath, new Shown(terminal), stop.Token);
            var predictions = new CriticPredictions(critic, trainer.Validation);
            CriticFile.Write(folder.CriticPath, critic);
            folder.Write(epochs, predictions);
            terminal.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{folder.CriticPath}: {SizeText.Of(new FileInfo(folder.CriticPath).Length)} · {trainer.Training.Count} positions, {epochs.Count} epochs · {CriticQuality.Line(predictions)}"));
            return CommandLine.Ok;
        }
        catch (OperationCanceledException)
        {
            terminal.Fail("Stopped; the same command goes on from the last finished epoch.");
            return CommandLine.Interrupted;
        }
    }

    private static int[] Widths(string text) =>
        [.. text.Split(',').Select(width => int.TryParse(width, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new GuardException(GuardFault.Usage, $"--hidden is '{text}'; expected widths between commas, such as 256,256."))];

    private sealed class Shown(Terminal terminal) : IProgress<CriticEpoch>
    {
        public void Report(CriticEpoch value) => terminal.Note(string.Create(CultureInfo.InvariantCulture,
            $"epoch {value.Epoch} of {value.Epochs}: loss {value.TrainingLoss:F4}, validation f1 {value.SafeLoss:F4} f2 {value.RewardLoss:F4}{(value.IsBest ? " best" : "")}"));
    }
}

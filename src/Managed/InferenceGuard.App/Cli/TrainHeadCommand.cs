// `train-head`: a cost or reward from labelled answers.

using System.CommandLine;
using System.Globalization;
using InferenceGuard.App.Cli.Training;
using InferenceGuard.Model;
using InferenceGuard.Scoring;
using InferenceGuard.Training.Heads;

namespace InferenceGuard.App.Cli;

/// <summary>Fits a score head on a GGUF trunk to labelled answers.</summary>
internal static class TrainHeadCommand
{
    private static readonly HeadRecipe s_recipe = new();

    public static Command Create(Terminal terminal)
    {
        var trunk = new Option<string>("--model") { HelpName = "F.gguf", Description = "The trunk: any GGUF, or an embedded model.", Required = true };
        var data = new Option<string>("--data") { HelpName = "FILE", Description = "JSON lines with prompt, response, and label (1 = unsafe) or score; of both, a cost learns the label and a reward the score.", Required = true };
        var test = new Option<string?>("--test") { HelpName = "FILE", Description = "More such lines, which are only measured." };
        var output = new Option<string>("--out") { HelpName = "HEAD.safetensors", Description = "The head.", Required = true };
        var kind = new Option<string>("--kind") { Description = "What it scores.", DefaultValueFactory = static _ => "cost" };
        kind.AcceptOnlyFromAmong("cost", "reward");
        var template = new Option<string>("--template") { HelpName = "TEXT", Description = "How a conversation is laid out: a text with {prompt} and {answer}, and {bos}, {eos}; or chat, the trunk's own template.", DefaultValueFactory = static _ => ScoringTemplate.Chat };
        var hidden = new NumberOption<int>("--hidden", "units", s_recipe.Hidden, "Units of a hidden layer; 0 = a linear head.");
        var epochs = new NumberOption<int>("--epochs", "n", s_recipe.Epochs, "Most passes over the answers.");
        var rate = new NumberOption<double>("--learning-rate", "x", s_recipe.LearningRate, "Highest learning rate.");
        var decay = new NumberOption<double>("--weight-decay", "x", s_recipe.WeightDecay, "Decoupled weight decay.");
        var validation = new NumberOption<double>("--validation-share", "share", s_recipe.ValidationShare, "Share of the prompts kept to choose the best epoch with.");
        var seed = new NumberOption<ulong>("--seed", "seed", s_recipe.Seed, "Seed of weights, order and split.");
        var threads = new NumberOption<int>("--threads", "n", 0, "Decode threads; 0 = one per physical core.");
        var layers = new NumberOption<int>("--gpu-layers", "n", new ModelOptions().GpuLayers, "Layers kept on the GPU; -1 = all.");
        var command = new Command("train-head", "Train a cost or reward, a head on a GGUF model's hidden states, from labelled answers.")
        {
            trunk, data, test, output, kind, template, hidden, epochs, rate, decay, validation, seed, threads, layers,
        };
        command.SetAction(parsed =>
        {
            var recipe = (s_recipe with
            {
                Hidden = parsed.GetValue(hidden),
                Epochs = parsed.GetValue(epochs),
                LearningRate = parsed.GetValue(rate),
                WeightDecay = parsed.GetValue(decay),
                ValidationShare = parsed.GetValue(validation),
                Seed = parsed.GetValue(seed),
            }).Validate();
            var isReward = parsed.GetValue(kind) == "reward";
            var examples = HeadExamples.Read(parsed.GetRequiredValue(data), isReward);
            var others = parsed.GetValue(test) is { } file ? HeadExamples.Read(file, isReward) : null;
            if (others is not null && others.AreLabels != examples.AreLabels)
                throw new GuardException(GuardFault.Usage, "--data and --test differ: one has labels, the other scores; give both of one kind.");
            var path = parsed.GetRequiredValue(trunk);
            using var model = LlamaCppModel.Load(HearthModel.Find(path)?.ModelPath ?? path, new() { Threads = parsed.GetValue(threads), GpuLayers = parsed.GetValue(layers) });
            return Run(terminal, recipe, model, examples, others, parsed.GetValue(template)!, parsed.GetValue(kind)!, parsed.GetRequiredValue(output));
        });
        return command;
    }

    private static int Run(
        Terminal terminal, HeadRecipe recipe, LlamaCppModel model, HeadExamples examples, HeadExamples? others, string template, string kind, string output)
    {
        using var stop = new CancellationTokenSource();
        using var interrupt = terminal.OnInterrupt(stop.Cancel);
        try
        {
            var hidden = HeadTrainer.Read(model, template, examples.All, new Shown(terminal, examples.All.Count), stop.Token);
            var (head, quality) = new HeadTrainer(recipe, model.Info.HiddenWidth, examples.AreLabels).Train(hidden, examples.All, stop.Token);
            ScoreHeadFile.Write(output, head, kind, template);
            terminal.WriteLine($"{output}: {examples.All.Count} answers · validation: {Line(quality)}");
            var sets = new List<(string Name, HeadQuality Quality)> { ("validation", quality) };
            if (others is not null)
            {
                var read = HeadTrainer.Read(model, template, others.All, new Shown(terminal, others.All.Count), stop.Token);
                var width = model.Info.HiddenWidth;
                var scores = Enumerable.Range(0, others.All.Count).Select(at => (float)head.Of(read.AsSpan(at * width, width))).ToArray();
                sets.Add(("test", new(scores, [.. others.All.Select(static example => example.Target)], others.AreLabels)));
                terminal.WriteLine($"test, {others.All.Count} answers: {Line(sets[^1].Quality)}");
            }
            terminal.WriteLine($"plots: {string.Join(", ", HeadPlots.Write(output, sets))}");
            return CommandLine.Ok;
        }
        catch (OperationCanceledException)
        {
            terminal.Fail("Stopped; nothing was written.");
            return CommandLine.Interrupted;
        }
    }

    private static string Line(HeadQuality quality) => quality.AreLabels
        ? string.Create(CultureInfo.InvariantCulture, $"AUROC {quality.Auroc:F4}, ECE {quality.CalibrationError:F4}")
        : string.Create(CultureInfo.InvariantCulture, $"R² {quality.RSquared:F4}");

    private sealed class Shown(Terminal terminal, int all) : IProgress<int>
    {
        private int _next;

        public void Report(int value)
        {
            if (value < _next)
                return;
            terminal.Note(string.Create(CultureInfo.InvariantCulture, $"{value} of {all} answers read"));
            _next = value + all / 10;
        }
    }
}

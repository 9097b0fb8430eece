// `train-lm`: a small language model of anyone's corpus.

using System.CommandLine;
using System.Globalization;
using InferenceGuard.App.Cli.Training;
using InferenceGuard.Model;
using InferenceGuard.Training;

namespace InferenceGuard.App.Cli;

/// <summary>Trains a small language model on a text file and writes it as GGUF.</summary>
internal static class TrainLmCommand
{
    private static readonly LanguageModelRecipe s_recipe = new();

    // By the names that GGUF tools give them.
    private static readonly Dictionary<string, GgufTensorType> s_types = new()
    {
        ["f32"] = GgufTensorType.F32, ["f16"] = GgufTensorType.F16, ["q8_0"] = GgufTensorType.Q8, ["q4_0"] = GgufTensorType.Q4,
    };

    public static Command Create(Terminal terminal)
    {
        var corpus = new Argument<string>("CORPUS") { Description = "Text with blank lines between documents, or .jsonl lines with prompt and answer." };
        var output = new Option<string>("--output") { HelpName = "F.gguf", Description = "The model to write.", Required = true };
        var start = new Option<string?>("--start-from") { HelpName = "F.gguf", Description = "A model made by train-lm to go on from, with its vocabulary and shape." };
        var name = new Option<string?>("--name") { HelpName = "name", Description = "The model's name; by default that of its file." };
        var type = new Option<string>("--type") { Description = "Format of the weights in the file.", DefaultValueFactory = static _ => "f16" };
        type.AcceptOnlyFromAmong([.. s_types.Keys]);
        var vocabulary = new NumberOption<int>("--vocabulary", "V", s_recipe.VocabularySize, "Vocabulary size in tokens.");
        var width = new NumberOption<int>("--width", "H", s_recipe.Shape.Width, "Hidden width.");
        var layers = new NumberOption<int>("--layers", "n", s_recipe.Shape.Layers, "Transformer blocks, at most 15.");
        var heads = new NumberOption<int>("--heads", "n", s_recipe.Shape.Heads, "Attention heads.");
        var feedForward = new NumberOption<int>("--feed-forward", "n", s_recipe.Shape.FeedForward, "Width of the feed-forward layer.");
        var context = new NumberOption<int>("--context", "tokens", s_recipe.Shape.ContextTokens, "Longest context the model is meant for.");
        var epochs = new NumberOption<double>("--epochs", "n", s_recipe.Epochs, "How often every document is seen.");
        var rate = new NumberOption<double>("--learning-rate", "x", s_recipe.LearningRate, "Highest learning rate.");
        var rows = new NumberOption<int>("--rows-per-step", "n", s_recipe.RowsPerStep, "Rows of an optimiser step.");
        var heldOut = new NumberOption<double>("--held-out", "share", s_recipe.HeldOutShare, "Share of the documents kept out to measure the loss on.");
        var seed = new NumberOption<ulong>("--seed", "seed", s_recipe.Seed, "Seed of weights and order.");
        var threads = new NumberOption<int>("--threads", "n", s_recipe.Threads, "Threads; 0 = one per physical core.");

        var command = new Command("train-lm", "Train a small language model on a corpus; interrupted, the same command goes on.")
        {
            corpus, output, start, name, type, vocabulary, width, layers, heads, feedForward, context, epochs, rate, rows, heldOut, seed, threads,
        };
        command.SetAction(parsed =>
        {
            Model.LlamaEngine.Current = Model.LlamaEngine.Own; // Only it calls llama.cpp's optimiser.
            var path = parsed.GetRequiredValue(output);
            var recipe = s_recipe with
            {
                Name = parsed.GetValue(name) ?? Path.GetFileNameWithoutExtension(path),
                BaseModel = parsed.GetValue(start),
                Type = s_types[parsed.GetValue(type)!],
                VocabularySize = parsed.GetValue(vocabulary),
                Shape = s_recipe.Shape with
                {
                    Width = parsed.GetValue(width),
                    Layers = parsed.GetValue(layers),
                    Heads = parsed.GetValue(heads),
                    FeedForward = parsed.GetValue(feedForward),
                    ContextTokens = parsed.GetValue(context),
                },
                Epochs = parsed.GetValue(epochs),
                LearningRate = parsed.GetValue(rate),
                RowsPerStep = parsed.GetValue(rows),
                HeldOutShare = parsed.GetValue(heldOut),
                Seed = parsed.GetValue(seed),
                Threads = parsed.GetValue(threads),
            };
            var trainer = new LanguageModelTrainer(recipe, TrainingCorpus.Read(parsed.GetRequiredValue(corpus)));
            return TrainingDisplay.Run(terminal, (show, cancellation) =>
                terminal.WriteForeign(Summary(trainer.Train(path, new Shown(recipe.Name, show), cancellation))));
        });
        return command;
    }

    private static string Summary(TrainingReport report)
    {
        var heldOut = report.HeldOutLoss is { } loss ? string.Create(CultureInfo.InvariantCulture, $", held-out {loss:F3}") : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"{report.Path}: {SizeText.Of(report.SizeBytes)}, {report.ParameterCount} parameters, {report.VocabularySize} tokens · loss {report.Loss:F3}{heldOut} · {report.Steps} steps in {report.Elapsed:hh\\:mm\\:ss}");
    }

    private sealed class Shown(string name, Action<string, TrainingProgress> show) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => show(name, value);
    }
}

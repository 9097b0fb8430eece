// `hearth build`: makes the embedded world anew.

using System.CommandLine;
using InferenceGuard.App.Cli.Training;
using InferenceGuard.Training.Hearth;

namespace InferenceGuard.App.Cli;

/// <summary>The closed world that the embedded models know.</summary>
internal static class HearthCommand
{
    public static Command Create(Terminal terminal)
    {
        var defaults = new HearthBuild("");
        var folder = new Option<string>("--folder")
        {
            HelpName = "DIR",
            Description = "The world's folder; it holds recipe/world.json.",
            DefaultValueFactory = static _ => Path.Combine("models", "hearth"),
        };
        var anew = new Option<bool>("--anew") { Description = "Remove finished models first; without it they are kept." };
        var seed = new NumberOption<ulong>("--seed", "seed", defaults.Seed, "Seed of prompts, corpora and weights.");
        var baseDocuments = new NumberOption<int>("--base-documents", "n", defaults.BaseDocuments, "Conversations that the unaligned model learns from.");
        var alignedDocuments = new NumberOption<int>("--aligned-documents", "n", defaults.AlignedDocuments, "Conversations that then align it.");
        var threads = new NumberOption<int>("--threads", "n", defaults.Threads, "Threads; 0 = one per physical core.");
        var build = new Command("build", "Make prompts, scorers and models from the recipe and a seed; interrupted, the same command without --anew goes on.")
        {
            folder, anew, seed, baseDocuments, alignedDocuments, threads,
        };
        build.SetAction(parsed =>
        {
            Model.LlamaEngine.Current = Model.LlamaEngine.Own; // Only it calls llama.cpp's optimiser.
            var path = parsed.GetValue(folder)!;
            var world = new HearthBuild(path, parsed.GetValue(seed))
            {
                BaseDocuments = parsed.GetValue(baseDocuments), AlignedDocuments = parsed.GetValue(alignedDocuments), Threads = parsed.GetValue(threads),
            };
            var models = HearthModel.All.Select(model => Path.Combine(path, model.Name + ".gguf")).ToArray();
            if (parsed.GetValue(anew))
                Array.ForEach([.. models.Where(File.Exists)], File.Delete);
            var exitCode = TrainingDisplay.Run(terminal, world.Run);
            if (exitCode == CommandLine.Ok)
                foreach (var model in models)
                    terminal.WriteForeign($"{model}: {SizeText.Of(new FileInfo(model).Length)}");
            return exitCode;
        });
        return new("hearth", "The closed world of household advice that the embedded models know.") { build };
    }
}

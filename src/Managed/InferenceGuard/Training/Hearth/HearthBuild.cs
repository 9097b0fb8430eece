// Makes the embedded world anew from its recipe and a seed: prompts, scorers, both models, manifest.

using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace InferenceGuard.Training.Hearth;

/// <summary>
/// Makes everything under <c>models/hearth</c> from <c>recipe/world.json</c>. Interrupted, the same call continues: a
/// finished model is kept, an unfinished one goes on from its checkpoint.
/// </summary>
/// <param name="Folder">The folder of the world; holds <c>recipe/world.json</c>.</param>
/// <param name="Seed">Seed of prompts, corpora and weights.</param>
public sealed record HearthBuild(string Folder, ulong Seed = 2026)
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Conversations the unaligned model learns from.</summary>
    public int BaseDocuments { get; init; } = 32_000;

    /// <summary>Conversations that then make the aligned model of it.</summary>
    public int AlignedDocuments { get; init; } = 12_000;

    /// <summary>Threads; 0 = one per physical core.</summary>
    public int Threads { get; init; }

    /// <summary>Builds what is missing.</summary>
    /// <param name="progress">Receives the stage's name and its progress; may be null.</param>
    /// <param name="cancellation">Leaves a checkpoint.</param>
    /// <exception cref="GuardException">The recipe is missing or wrong, or a training failed.</exception>
    public void Run(Action<string, TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        var world = HearthWorld.Load(Path.Combine(Folder, "recipe", "world.json"));
        var split = HearthSplit.Make(world, Seed);
        Directory.CreateDirectory(Path.Combine(Folder, "prompts"));
        WritePrompts("train", split.Train);
        WritePrompts("validation", split.Validation);
        WritePrompts("test", split.Test);
        using (var cost = File.Create(Path.Combine(Folder, "cost.json")))
            HearthScorers.WriteCost(world, cost);
        using (var reward = File.Create(Path.Combine(Folder, "reward.json")))
            HearthScorers.WriteReward(world, reward);

        Train("hearth-base", Corpus(world, split, HearthMixture.Base, BaseDocuments, Seed + 1), null, progress, cancellation);
        Train("hearth-aligned", Corpus(world, split, HearthMixture.Aligned, AlignedDocuments, Seed + 2), ModelPath("hearth-base"), progress, cancellation);
        WriteManifest();
    }

    /// <summary>Draws conversations: questions that are not held out, answers by the mixture.</summary>
    internal static List<TrainingDocument> Corpus(HearthWorld world, HearthSplit split, HearthMixture mixture, int count, ulong seed)
    {
        var topics = world.Topics.ToDictionary(static topic => topic.Name);
        var prompts = split.Corpus.ToArray();
        new SplitMix(seed).Shuffle(prompts.AsSpan());
        var grammar = new HearthGrammar(world, seed);
        return [.. Enumerable.Range(0, count).Select(document =>
        {
            var prompt = prompts[document % prompts.Length];
            return new TrainingDocument(prompt.Prompt, grammar.Answer(topics[prompt.Topic], mixture).Text);
        })];
    }

    private string ModelPath(string name) => Path.Combine(Folder, name + ".gguf");

    private void Train(string name, List<TrainingDocument> corpus, string? baseModel, Action<string, TrainingProgress>? progress, CancellationToken cancellation)
    {
        if (File.Exists(ModelPath(name)))
            return;
        var recipe = new LanguageModelRecipe
        {
            Name = name,
            BaseModel = baseModel,
            Epochs = 1,
            LearningRate = baseModel is null ? 4e-3 : 2e-3,
            Seed = Seed,
            Threads = Threads,
            HeldOutShare = 0.01,
        };
        new LanguageModelTrainer(recipe, corpus).Train(ModelPath(name), progress is null ? null : new Reporter(name, progress), cancellation);
    }

    private void WritePrompts(string set, IReadOnlyList<HearthPrompt> prompts)
    {
        using var file = File.Create(Path.Combine(Folder, "prompts", set + ".jsonl"));
        for (var index = 0; index < prompts.Count; index++)
        {
            using (var writer = new Utf8JsonWriter(file, Plain))
            {
                writer.WriteStartObject();
                writer.WriteString("id", $"{set}-{index + 1:D3}");
                writer.WriteString("prompt", prompts[index].Prompt);
                writer.WriteString("topic", prompts[index].Topic);
                writer.WriteEndObject();
            }
            file.Write("\n"u8);
        }
    }

    // What `doctor` checks the embedded files against.
    private void WriteManifest()
    {
        using var file = File.Create(Path.Combine(Folder, "manifest.json"));
        using var writer = new Utf8JsonWriter(file, Plain with { Indented = true });
        writer.WriteStartObject();
        writer.WriteNumber("seed", Seed);
        writer.WriteStartObject("files");
        foreach (var name in (ReadOnlySpan<string>)["hearth-base.gguf", "hearth-aligned.gguf", "cost.json", "reward.json"])
            writer.WriteString(name, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(Folder, name)))));
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private sealed class Reporter(string name, Action<string, TrainingProgress> progress) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => progress(name, value);
    }
}

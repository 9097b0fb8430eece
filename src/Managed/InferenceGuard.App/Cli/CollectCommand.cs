// `collect`: trajectories of the frozen model, for a critic to learn from.

using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using InferenceGuard.Model;
using InferenceGuard.Rollouts;
using InferenceGuard.Training.Heads;
using Spectre.Console;

namespace InferenceGuard.App.Cli;

/// <summary>Samples answers to a file of prompts and keeps what the model was thinking: the latents of every position.</summary>
internal static class CollectCommand
{
    private const int LinesPerCollection = 20;

    private static readonly GuardOptions s_defaults = new();

    public static Command Create(Terminal terminal)
    {
        var output = new Option<string>("--out") { HelpName = "DIR", Description = "The folder of the rollouts.", Required = true };
        var labelled = new Option<string?>("--labelled") { HelpName = "FILE", Description = "Also write the answers as lines that train-head learns from: whole, and as they were after each cost step, with label and score." };
        var perPrompt = new NumberOption<int>("--per-prompt", "n", 5, "Answers per prompt.");
        var limit = new NumberOption<int>("--limit", "n", 0, "Prompts from the beginning of the file; 0 = all.");
        var batch = new NumberOption<int>("--batch", "rows", 64, "Answers decoded side by side, at most 256.");
        var chargeEvery = new NumberOption<int>("--charge-every", "tokens", s_defaults.BlockTokens, "Tokens per cost step; the block length of the search.");
        var maxTokens = new NumberOption<int>("--max-tokens", "D", s_defaults.MaxTokens, "Longest answer in tokens.");
        var budget = new NumberOption<double>("--budget", "b", s_defaults.Budget, "Safety budget in cost units.");
        var gamma = new NumberOption<double>("--gamma", "γ", s_defaults.Discount, "Discount per cost step, in (0, 1].");
        var temperature = new NumberOption<double>("--temperature", "t", s_defaults.Temperature, "Sampling temperature.");
        var topK = new NumberOption<int>("--top-k", "k", s_defaults.TopK, "Sample from the k most probable tokens; 0 = all.");
        var topP = new NumberOption<double>("--top-p", "p", s_defaults.TopP, "Sample from the smallest set of tokens with this mass.");
        var minP = new NumberOption<double>("--min-p", "p", s_defaults.MinP, "Sample from tokens this fraction as probable as the best.");
        var seed = new NumberOption<ulong>("--seed", "seed", s_defaults.Seed, "Seed of all randomness.");
        var (modelFlags, promptFlags) = (new ModelFlags(), new PromptFlags(isRequired: true));

        var command = new Command("collect", "Sample answers and their latents for a critic; interrupted, the same command goes on.");
        promptFlags.AddTo(command);
        command.Options.Add(output);
        command.Options.Add(labelled);
        modelFlags.AddTo(command, takesCritic: false);
        foreach (var option in (Option[])[perPrompt, limit, batch, chargeEvery, maxTokens, budget, gamma, temperature, topK, topP, minP, seed])
            command.Options.Add(option);
        command.SetAction(parsed =>
        {
            var options = new GuardOptions
            {
                MaxTokens = parsed.GetValue(maxTokens), Budget = parsed.GetValue(budget), Discount = parsed.GetValue(gamma), ChargeEveryTokens = parsed.GetValue(chargeEvery),
                Temperature = parsed.GetValue(temperature), TopK = parsed.GetValue(topK), TopP = parsed.GetValue(topP), MinP = parsed.GetValue(minP), Seed = parsed.GetValue(seed),
            }.Validate();
            var (samples, rows) = (parsed.GetValue(perPrompt), parsed.GetValue(batch));
            Require(samples is >= 1 and <= GuardOptions.MaxSequences, $"--per-prompt is {samples}; it must lie between 1 and {GuardOptions.MaxSequences}");
            Require(rows is >= 1 and <= GuardOptions.MaxSequences, $"--batch is {rows}; it must lie between 1 and {GuardOptions.MaxSequences}, the sequences a llama.cpp cache holds");
            Require(parsed.GetValue(limit) >= 0, $"--limit is {parsed.GetValue(limit)}; it must be 0 (all) or a number of prompts");
            Require(parsed.GetValue(chargeEvery) >= 1, $"--charge-every is {parsed.GetValue(chargeEvery)}; a cost step has at least 1 token");

            var path = promptFlags.Path(parsed);
            var set = promptFlags.Read(parsed, terminal, path);
            var entries = set.Entries;
            var choice = modelFlags.Bind(parsed);
            choice.Embedded?.Require();
            using var scorers = choice.OpenScorers(isGuarded: true);
            var (cost, reward) = scorers;
            using var model = LlamaCppModel.Load(choice.Path, choice.Options);
            var store = RolloutStore.OpenOrBegin(parsed.GetRequiredValue(output), new()
            {
                ModelName = model.Info.Name,
                ModelFingerprint = ModelFingerprint.Of(model.Info.Path),
                Quantization = model.Info.Quantization,
                HiddenWidth = model.Info.HiddenWidth,
                VocabularySize = model.Info.VocabularySize,
                Cost = cost.Name,
                Reward = reward.Name,
                PromptFileHash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))),
                PromptFormat = set.Format,
                Prompts = parsed.GetValue(limit) is > 0 and var most ? Math.Min(most, entries.Count) : entries.Count,
                PerPrompt = samples,
                BatchRows = rows,
                Budget = options.Budget,
                Discount = options.Discount,
                TokensPerCharge = options.ChargeEveryTokens,
                MaxTokens = options.MaxTokens,
                Temperature = options.Temperature,
                TopK = options.TopK,
                TopP = options.TopP,
                MinP = options.MinP,
                Seed = options.Seed,
            });
            var exitCode = Run(terminal, store, new(model, cost, reward, store), entries);
            if (exitCode == CommandLine.Ok && parsed.GetValue(labelled) is { } file)
                terminal.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{file}: {RolloutExamples.Write(file, store, entries, model.Vocabulary)} labelled answers"));
            return exitCode;
        });
        return command;
    }

    private static int Run(Terminal terminal, RolloutStore store, RolloutCollector collector, IReadOnlyList<PromptEntry> prompts)
    {
        using var stop = new CancellationTokenSource();
        using var interrupt = terminal.OnInterrupt(stop.Cancel);
        var begin = terminal.Clock.GetTimestamp();
        var last = default(RolloutProgress);
        try
        {
            if (terminal.ShowsProgress)
                terminal.Error.Progress().Columns(new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn(), new TaskDescriptionColumn()).Start(context =>
                {
                    var bar = context.AddTask("prompts", maxValue: store.Manifest.Prompts);
                    Collect(progress => bar.Value = progress.Prompts);
                });
            else
                Collect(progress =>
                {
                    if (progress.Prompts % Math.Max(1, progress.Total / LinesPerCollection) == 0)
                        terminal.Note(string.Create(CultureInfo.InvariantCulture, $"{progress.Prompts} of {progress.Total} prompts, {terminal.Clock.GetElapsedTime(begin):hh\\:mm\\:ss}"));
                });
        }
        catch (OperationCanceledException)
        {
            terminal.Fail($"Stopped after {last.Prompts} of {last.Total} prompts; the same command goes on.");
            return CommandLine.Interrupted;
        }
        var trajectories = store.Trajectories;
        var seconds = terminal.Clock.GetElapsedTime(begin).TotalSeconds;
        terminal.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{store.Manifest.Prompts} prompts · {trajectories.Count} answers · {trajectories.Sum(static one => (long)one.Positions)} positions · {trajectories.Average(static one => one.IsSafe ? 1.0 : 0):P1} safe · mean reward {trajectories.Average(static one => one.Reward):F2} · {last.DecodedTokens} tokens decoded in {seconds:F1} s"));
        return CommandLine.Ok;

        void Collect(Action<RolloutProgress> show) => collector.Collect(prompts, new Shown(progress => show(last = progress)), stop.Token);
    }

    private static void Require(bool holds, string complaint)
    {
        if (!holds)
            throw new GuardException(GuardFault.Usage, complaint + ".");
    }

    private sealed class Shown(Action<RolloutProgress> show) : IProgress<RolloutProgress>
    {
        public void Report(RolloutProgress value) => show(value);
    }
}

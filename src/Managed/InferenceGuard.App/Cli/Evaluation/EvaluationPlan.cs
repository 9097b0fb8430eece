// What an evaluation runs, from a suite or from options.

using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using InferenceGuard.Critic;
using InferenceGuard.Evaluation;
using InferenceGuard.Methods;
using InferenceGuard.Model;
using InferenceGuard.Rollouts;

namespace InferenceGuard.App.Cli.Evaluation;

/// <summary>What an evaluation runs.</summary>
internal sealed record EvaluationPlan
{
    /// <summary>Its name, for people.</summary>
    public required string Name { get; init; }

    /// <summary>The models under their names.</summary>
    public required IReadOnlyList<(string Name, ModelChoice Choice)> Models { get; init; }

    /// <summary>The methods.</summary>
    public required IReadOnlyList<string> Methods { get; init; }

    /// <summary>The settings.</summary>
    public required IReadOnlyList<EvaluationSetting> Settings { get; init; }

    /// <summary>Binds a method's options in a setting.</summary>
    public required Func<string, EvaluationSetting, GuardMethod> Bind { get; init; }

    /// <summary>The prompts.</summary>
    public required IReadOnlyList<PromptEntry> Prompts { get; init; }

    /// <summary>The layout they were read in.</summary>
    public required string PromptFormat { get; init; }

    /// <summary>SHA-256 of the prompt file.</summary>
    public required string PromptFileHash { get; init; }

    /// <summary>The seeds.</summary>
    public required IReadOnlyList<ulong> Seeds { get; init; }

    /// <summary>Who else judges the answers; null = nobody.</summary>
    public Referee? Referee { get; init; }

    /// <summary>How many answers it asks for.</summary>
    public long Answers => (long)Models.Count * Methods.Count * Settings.Count * Prompts.Count * Seeds.Count;

    /// <summary>The plan of a suite file.</summary>
    /// <exception cref="GuardException">The suite is wrong.</exception>
    public static EvaluationPlan OfSuite(string path, ParseResult parsed, Terminal terminal, ModelFlags modelFlags, GuardFlags guardFlags, PromptFlags promptFlags)
    {
        var suite = SuiteFile.Read(path, AnswerMethods.Known, guardFlags.Names, PromptFile.Formats);
        var prompts = promptFlags.Read(parsed, terminal, suite.Prompts, suite.PromptFormat);
        var plan = new EvaluationPlan
        {
            Name = suite.Name,
            Models = [.. suite.Models.Select(model => (model.Name, modelFlags.Bind(parsed, model)))],
            Methods = suite.Methods,
            Settings = suite.Settings,
            Bind = (method, setting) => OfSetting(method, setting, terminal),
            Prompts = Take(prompts, suite.Limit ?? 0),
            PromptFormat = prompts.Format,
            PromptFileHash = HashOf(suite.Prompts),
            Seeds = suite.Seeds,
        };
        foreach (var setting in plan.Settings)
            _ = plan.Bind(AnswerMethods.InferenceGuard, setting); // A wrong option is found before the first answer.
        return plan;
    }

    /// <summary>The plan of the short form: one setting, made of the command's own options.</summary>
    /// <exception cref="GuardException">An option is wrong.</exception>
    public static EvaluationPlan OfOptions(
        IReadOnlyList<string> models, string prompts, IReadOnlyList<string> methods, int limit, int seeds, ParseResult parsed, Terminal terminal, ModelFlags modelFlags, GuardFlags guardFlags, PromptFlags promptFlags)
    {
        foreach (var unknown in methods.Where(static method => !AnswerMethods.Known.Contains(method)))
            throw new GuardException(GuardFault.Usage, $"--methods names '{unknown}'; known are {string.Join(", ", AnswerMethods.Known)}.");
        var choices = models.Select(model => (Name: Path.GetFileNameWithoutExtension(model), Choice: modelFlags.BindScorers(parsed, model))).ToArray();
        if (choices.Length > 1 && choices[0].Choice.Critic is not null)
            throw new GuardException(GuardFault.Usage, $"--critic was given with {choices.Length} models, and a critic belongs to one; give one --model, or a --suite.");
        if (seeds < 1 || limit < 0)
            throw new GuardException(GuardFault.Usage, $"--seeds is {seeds} and --limit is {limit}; give at least 1 seed, and 0 (all) or a number of prompts.");
        var set = promptFlags.Read(parsed, terminal, prompts);
        var first = guardFlags.Bind(parsed, terminal, AnswerMethods.InferenceGuard).Options.Seed;
        return new()
        {
            Name = "evaluation",
            Models = choices,
            Methods = methods,
            Settings = [new("", Given(parsed, guardFlags))],
            Bind = (method, _) => guardFlags.Bind(parsed, terminal, method),
            Prompts = Take(set, limit),
            PromptFormat = set.Format,
            PromptFileHash = HashOf(prompts),
            Seeds = [.. Enumerable.Range(0, seeds).Select(seed => first + (ulong)seed)],
        };
    }

    /// <summary>Complains about critics that are lacking or cannot be read; to be asked before hours of work.</summary>
    /// <exception cref="GuardException">A method needs a critic that is not there, or a critic's file is wrong.</exception>
    public void RequireCritics()
    {
        foreach (var (name, choice) in Models)
            if (choice.CriticPath is { } path)
                _ = CriticFile.Read(path);
            else if (Methods.FirstOrDefault(AnswerMethods.NeedsCritic) is { } method)
                throw new GuardException(GuardFault.Usage, $"The method {method} needs a critic, and {name} has none; give --critic FILE, made by collect and train, or name one in the suite.");
    }

    /// <summary>What resumed evaluations must have in common.</summary>
    /// <exception cref="GuardException">A model cannot be read.</exception>
    public EvaluationManifest Manifest() => new()
    {
        Name = Name,
        Models = [.. Models.Select(static model => Evaluated(model.Name, model.Choice))],
        Methods = Methods,
        Settings = Settings,
        PromptFileHash = PromptFileHash,
        PromptFormat = PromptFormat,
        Prompts = Prompts.Count,
        Seeds = Seeds,
        Options = new Dictionary<string, string>(),
        Referee = Referee is null ? null : new(ScorerIdentity.Of(Referee.Cost.Name, [Referee.Spec]), Referee.Budget),
        Machine = Machine,
    };

    private static EvaluatedModel Evaluated(string name, ModelChoice choice)
    {
        using var scorers = choice.OpenScorers(isGuarded: true);
        return new(
            name, ModelFingerprint.Of(choice.Path), Path.GetFileName(choice.Path),
            ScorerIdentity.Of(scorers.Cost.Name, choice is { Costs: [], Embedded: { } world } ? [world.CostPath] : choice.Costs),
            ScorerIdentity.Of(scorers.Reward.Name, choice is { Rewards: [], Embedded: { } own } ? [own.RewardPath] : choice.Rewards), choice.CriticPath is { } critic ? CriticCalibration.HashOf(critic) : null);
    }

    // What timings depend on; never a name.
    private static string Machine => string.Create(CultureInfo.InvariantCulture,
        $"{RuntimeInformation.OSArchitecture}, {Environment.ProcessorCount} processors, {(Vector512.IsHardwareAccelerated ? "512" : Vector256.IsHardwareAccelerated ? "256" : "128")}-bit vectors, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30} GB");

    private static Dictionary<string, string> Given(ParseResult parsed, GuardFlags flags) =>
        flags.Names.Where(name => parsed.GetResult("--" + name) is System.CommandLine.Parsing.OptionResult { Implicit: false })
            .ToDictionary(static name => name, name => string.Join(' ', parsed.GetResult("--" + name)!.Tokens.Select(static token => token.Value)));

    // A setting's options are those of the command line, and are read as such.
    private static GuardMethod OfSetting(string method, EvaluationSetting setting, Terminal terminal)
    {
        var (command, flags) = (new Command("setting"), new GuardFlags());
        flags.AddTo(command, takesMethod: false);
        var parsed = command.Parse([.. setting.Options.SelectMany(static option => (string[])["--" + option.Key, option.Value])]);
        return parsed.Errors.Count > 0
            ? throw new GuardException(GuardFault.Usage, $"The setting '{setting.Name}' is wrong: {parsed.Errors[0].Message}.")
            : flags.Bind(parsed, terminal, method);
    }

    private static IReadOnlyList<PromptEntry> Take(PromptSet prompts, int limit) => limit > 0 ? [.. prompts.Entries.Take(limit)] : prompts.Entries;

    private static string HashOf(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));
}

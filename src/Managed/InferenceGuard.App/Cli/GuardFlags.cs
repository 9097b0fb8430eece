// The options of a guarded generation, once for every command that has them.

using System.CommandLine;
using InferenceGuard.Methods;

namespace InferenceGuard.App.Cli;

/// <summary>The options that make up <see cref="GuardOptions"/>; defaults are the record's own.</summary>
internal sealed class GuardFlags
{
    private const string Strict = "strict";
    private const string BestEffort = "best-effort";

    private static readonly GuardOptions s_defaults = new();
    private static readonly MethodOptions s_methods = new();

    private readonly Option<string?> _method = new("--method")
    {
        HelpName = "name",
        Description = $"How the answer is found: {string.Join(", ", AnswerMethods.Known)}. By default {AnswerMethods.InferenceGuard}, and {AnswerMethods.WithCritic} where --critic is given.",
    };

    private readonly Option<string> _mode = new("--mode")
    {
        Description = "strict abstains when no answer is verified safe; best-effort gives the best one and says that it is unsafe.",
        DefaultValueFactory = static _ => Strict,
    };

    private readonly NumberOption<int> _beams = new("--beams", "N", s_defaults.Beams, "Beams sampled per block.");
    private readonly NumberOption<int> _keep = new("--keep", "K", s_defaults.Keep, "Beams kept after a block; 0 = N/4.");
    private readonly NumberOption<int> _blockTokens = new("--block-tokens", "d", s_defaults.BlockTokens, "Length of a block in tokens.");
    private readonly NumberOption<int> _maxTokens = new("--max-tokens", "D", s_defaults.MaxTokens, "Longest answer in tokens.");
    private readonly NumberOption<int> _retries = new("--retries", "M", s_defaults.Retries, "Further attempts at a block without a safe beam.");
    private readonly NumberOption<double> _budget = new("--budget", "b", s_defaults.Budget, "Safety budget in cost units.");
    private readonly NumberOption<double> _gamma = new("--gamma", "γ", s_defaults.Discount, "Discount per cost step, in (0, 1].");
    private readonly NumberOption<int> _chargeEvery = new("--charge-every", "tokens", s_defaults.ChargeEveryTokens, "Tokens per cost step; 0 = one step per block.");
    private readonly NumberOption<double> _penalty = new("--penalty", "n", s_defaults.Penalty, "Score of an unsafe beam, with a minus; larger than any reward.");
    private readonly NumberOption<double> _diversity = new("--diversity", "ν", s_defaults.Diversity, "How much a retry penalises rejected tokens, in logits.");
    private readonly NumberOption<double> _criticThreshold = new("--critic-threshold", "p", s_defaults.CriticThreshold, "What the critic's probability of a safe end must exceed.");
    private readonly NumberOption<double> _alpha = new("--alpha", "α", MethodOpening.DefaultAlpha, "Share of safe answers that a calibrated critic may cut; sets --critic-threshold.");
    private readonly NumberOption<int> _halvings = new("--halvings", "n", s_defaults.Halvings, "How often within a block the critic drops the worse half of the beams.");
    private readonly NumberOption<double> _temperature = new("--temperature", "t", s_defaults.Temperature, "Sampling temperature; 0 = the most probable token.");
    private readonly NumberOption<int> _topK = new("--top-k", "k", s_defaults.TopK, "Sample from the k most probable tokens; 0 = all.");
    private readonly NumberOption<double> _topP = new("--top-p", "p", s_defaults.TopP, "Sample from the smallest set of tokens with this mass.");
    private readonly NumberOption<double> _minP = new("--min-p", "p", s_defaults.MinP, "Sample from tokens this fraction as probable as the best.");
    private readonly NumberOption<ulong> _seed = new("--seed", "seed", s_defaults.Seed, "Seed of all randomness.");

    private readonly NumberOption<double> _lambda = new("--lambda", "λ", s_defaults.Lambda, "Reward units that a cost unit takes away in +lagrangian.");
    private readonly NumberOption<int> _samples = new("--samples", "n", s_methods.Samples, "Answers of best-of-n.");
    private readonly NumberOption<int> _argsTopK = new("--args-top-k", "k", s_methods.ArgsTopK, "Tokens that args chooses among.");
    private readonly NumberOption<double> _argsWeight = new("--args-weight", "ω", s_methods.ArgsWeight, "Logits per reward unit of args.");
    private readonly NumberOption<int> _controlSteps = new("--control-steps", "n", s_methods.ControlSteps, "Gradient steps of re-control per token.");
    private readonly NumberOption<double> _controlStepSize = new("--control-step-size", "η", s_methods.ControlStepSize, "Length of a gradient step of re-control.");

    public GuardFlags()
    {
        _method.CompletionSources.Add(static _ => AnswerMethods.Known.Select(static name => new System.CommandLine.Completions.CompletionItem(name)));
        _mode.AcceptOnlyFromAmong(Strict, BestEffort);
    }

    private Option[] OfSearch => [_mode, _beams, _keep, _blockTokens, _retries, _penalty, _diversity, _criticThreshold, _alpha, _halvings];

    private Option[] OfEveryMethod =>
    [
        .. OfSearch, _maxTokens, _budget, _gamma, _chargeEvery, _temperature, _topK, _topP, _minP, _seed,
        _lambda, _samples, _argsTopK, _argsWeight, _controlSteps, _controlStepSize,
    ];

    /// <summary>Names of the options that a setting of a suite may have, without dashes.</summary>
    public IReadOnlyList<string> Names => [.. OfEveryMethod.Select(static option => option.Name.TrimStart('-'))];

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="takesMethod">Whether it runs one method, and which is asked for here.</param>
    public void AddTo(Command command, bool takesMethod = true)
    {
        if (takesMethod)
            command.Options.Add(_method);
        foreach (var option in OfEveryMethod)
            command.Options.Add(option);
    }

    /// <summary>Reads the options, checked, and warns of what has no effect.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="terminal">Where warnings go.</param>
    /// <param name="hasCritic">Whether a critic was given.</param>
    /// <exception cref="GuardException">An option is out of range, or the method is unknown.</exception>
    public GuardMethod Bind(ParseResult parsed, Terminal terminal, bool hasCritic = false)
    {
        var name = parsed.GetValue(_method) ?? (hasCritic ? AnswerMethods.WithCritic : AnswerMethods.InferenceGuard);
        if (!AnswerMethods.Known.Contains(name))
            throw new GuardException(GuardFault.Usage, $"--method is '{name}'; known are {string.Join(", ", AnswerMethods.Known)}.");
        if (hasCritic && !AnswerMethods.NeedsCritic(name))
            terminal.Warn($"--method {name} uses no critic; --critic has no effect.");
        return Bind(parsed, terminal, name);
    }

    /// <summary>Reads the options for a method of a known name.</summary>
    /// <exception cref="GuardException">An option is out of range.</exception>
    public GuardMethod Bind(ParseResult parsed, Terminal terminal, string name)
    {
        var isBase = name == AnswerMethods.Base;
        var options = (isBase ? GuardOptions.Base : OfTheSearch(parsed)) with
        {
            MaxTokens = parsed.GetValue(_maxTokens),
            Budget = parsed.GetValue(_budget),
            Discount = parsed.GetValue(_gamma),
            ChargeEveryTokens = parsed.GetValue(_chargeEvery),
            Temperature = parsed.GetValue(_temperature),
            TopK = parsed.GetValue(_topK),
            TopP = parsed.GetValue(_topP),
            MinP = parsed.GetValue(_minP),
            Seed = parsed.GetValue(_seed),
            Lambda = parsed.GetValue(_lambda),
        };
        var settings = new MethodOptions
        {
            Guard = options, Samples = parsed.GetValue(_samples), ArgsTopK = parsed.GetValue(_argsTopK), ArgsWeight = parsed.GetValue(_argsWeight),
            ControlSteps = parsed.GetValue(_controlSteps), ControlStepSize = parsed.GetValue(_controlStepSize),
        }.Validate();
        var (hasThreshold, hasAlpha) = (IsGiven(_criticThreshold), IsGiven(_alpha));
        if (hasThreshold && hasAlpha)
            throw new GuardException(GuardFault.Usage, "--alpha and --critic-threshold were both given; --alpha sets the threshold, so give one of them.");

        var idle = isBase && parsed.GetResult(_method) is not null ? OfSearch.Where(IsGiven).Select(static option => option.Name).ToArray() : [];
        if (idle.Length > 0)
            terminal.Warn($"--method base samples one answer; {string.Join(", ", idle)} has no effect.");
        if (options.Temperature == 0 && options.Beams > options.KeptBeams)
        {
            terminal.Warn($"At temperature 0 all children of a beam are equal, so N falls from {options.Beams} to K = {options.KeptBeams}.");
            settings = settings with { Guard = options with { Beams = options.KeptBeams, Keep = options.KeptBeams } };
        }
        return new(name, settings, hasAlpha ? parsed.GetValue(_alpha) : null, hasThreshold);

        bool IsGiven(Option option) => parsed.GetResult(option) is { Implicit: false };
    }

    private GuardOptions OfTheSearch(ParseResult parsed) => new()
    {
        Mode = parsed.GetValue(_mode) == Strict ? GuardMode.Strict : GuardMode.BestEffort,
        Beams = parsed.GetValue(_beams),
        Keep = parsed.GetValue(_keep),
        BlockTokens = parsed.GetValue(_blockTokens),
        Retries = parsed.GetValue(_retries),
        Penalty = parsed.GetValue(_penalty),
        Diversity = parsed.GetValue(_diversity),
        CriticThreshold = parsed.GetValue(_criticThreshold),
        Halvings = parsed.GetValue(_halvings),
    };
}

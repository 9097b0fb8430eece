// The options of a guarded generation, once for every command that has them.

using System.CommandLine;

namespace InferenceGuard.App.Cli;

/// <summary>The options that make up <see cref="GuardOptions"/>; defaults are the record's own.</summary>
internal sealed class GuardFlags
{
    private const string Strict = "strict";
    private const string BestEffort = "best-effort";

    private static readonly GuardOptions s_defaults = new();

    private readonly Option<string> _method = new("--method")
    {
        Description = "base samples one answer; inferenceguard searches for a safe one.",
        DefaultValueFactory = static _ => GuardMethod.InferenceGuard,
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
    private readonly NumberOption<int> _halvings = new("--halvings", "n", s_defaults.Halvings, "How often within a block the critic drops the worse half of the beams.");
    private readonly NumberOption<double> _temperature = new("--temperature", "t", s_defaults.Temperature, "Sampling temperature; 0 = the most probable token.");
    private readonly NumberOption<int> _topK = new("--top-k", "k", s_defaults.TopK, "Sample from the k most probable tokens; 0 = all.");
    private readonly NumberOption<double> _topP = new("--top-p", "p", s_defaults.TopP, "Sample from the smallest set of tokens with this mass.");
    private readonly NumberOption<double> _minP = new("--min-p", "p", s_defaults.MinP, "Sample from tokens this fraction as probable as the best.");
    private readonly NumberOption<ulong> _seed = new("--seed", "seed", s_defaults.Seed, "Seed of all randomness.");

    public GuardFlags()
    {
        _method.AcceptOnlyFromAmong(GuardMethod.Base, GuardMethod.InferenceGuard);
        _mode.AcceptOnlyFromAmong(Strict, BestEffort);
    }

    private Option[] OfSearch => [_mode, _beams, _keep, _blockTokens, _retries, _penalty, _diversity, _criticThreshold, _halvings];

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[
            _method, _mode, _beams, _keep, _blockTokens, _maxTokens, _retries, _budget, _gamma, _chargeEvery, _penalty, _diversity, _criticThreshold, _halvings,
            _temperature, _topK, _topP, _minP, _seed])
            command.Options.Add(option);
    }

    /// <summary>Reads the options, checked, and warns of what has no effect.</summary>
    /// <exception cref="GuardException">An option is out of range.</exception>
    public GuardMethod Bind(ParseResult parsed, Terminal terminal)
    {
        var isBase = parsed.GetValue(_method) == GuardMethod.Base;
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
        };
        options.Validate();

        var idle = isBase ? OfSearch.Where(option => parsed.GetResult(option) is { Implicit: false }).Select(static option => option.Name).ToArray() : [];
        if (idle.Length > 0)
            terminal.Warn($"--method base samples one answer; {string.Join(", ", idle)} has no effect.");
        if (options.Temperature == 0 && options.Beams > options.KeptBeams)
        {
            terminal.Warn($"At temperature 0 all children of a beam are equal, so N falls from {options.Beams} to K = {options.KeptBeams}.");
            options = options with { Beams = options.KeptBeams, Keep = options.KeptBeams };
        }
        return new(isBase, options);
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

// What --cost and --reward take: a scheme and its argument.

namespace InferenceGuard.Scoring;

/// <summary>
/// Reads scorer specifications such as <c>phrases:FILE.json</c> by a table of schemes. To add a kind of scorer: 1. write its
/// <see cref="ICost"/> or <see cref="IReward"/>; 2. add a <see cref="ScorerScheme"/> to the table, here if it is part of this library.
/// </summary>
/// <param name="schemes">The table; names differ.</param>
public sealed class ScorerSpec(params IReadOnlyList<ScorerScheme> schemes)
{
    /// <summary>What <c>budget=B</c> scales a cost to: the default of <c>--budget</c>.</summary>
    internal const double DefaultBudget = 10;

    /// <summary>The schemes of this library.</summary>
    public static IReadOnlyList<ScorerScheme> BuiltIn { get; } =
    [
        new("phrases", "phrases:FILE.json")
        {
            Cost = static argument => Weighted(argument, PhraseCost.Load),
            Reward = static argument => Weighted(argument, PhraseReward.Load),
        },
        new("gguf-head", "gguf-head:TRUNK.gguf,HEAD.safetensors")
        {
            Cost = static argument => Weighted(argument, GgufHeadCost.Load),
            Reward = static argument => Weighted(argument, GgufHeadReward.Load),
        },
        new("guard", "guard:FILE.gguf,template=FAMILY|FILE.json") { Cost = GuardCost.Load },
        new("http", "http:URL") { Cost = HttpScorer.Load, Reward = HttpScorer.Load },
        new("https", "https://HOST/PATH") { Cost = HttpScorer.Load, Reward = HttpScorer.Load },
        new("logprob", "logprob") { Reward = static _ => new MeanLogProbReward() },
    ];

    /// <summary>What a cost may be, for help texts.</summary>
    public string CostForms { get; } = string.Join(", ", schemes.Where(static scheme => scheme.Cost is not null).Select(static scheme => scheme.Form));

    /// <summary>What a reward may be, for help texts.</summary>
    public string RewardForms { get; } = string.Join(", ", schemes.Where(static scheme => scheme.Reward is not null).Select(static scheme => scheme.Form));

    /// <summary>Makes a cost from its specification.</summary>
    /// <param name="spec">One of <see cref="CostForms"/>.</param>
    /// <exception cref="GuardException">The scheme is unknown, or what it names is wrong.</exception>
    public ICost Cost(string spec) => Cost([spec]);

    /// <summary>
    /// Makes one cost of several. A cost with <c>,budget=B</c> counts so that B of it stands for the default budget of 10: with <see cref="Combination.Max"/>, each keeps to its own.
    /// </summary>
    /// <param name="specs">Each one of <see cref="CostForms"/>; at least one.</param>
    /// <param name="combination">How they become one.</param>
    /// <exception cref="GuardException">A scheme is unknown, what it names is wrong, or a budget is asked for in a sum.</exception>
    public ICost Cost(IReadOnlyList<string> specs, Combination combination = Combination.Sum)
    {
        ArgumentNullException.ThrowIfNull(specs);
        return Open(specs, "cost", CostForms, Make, parts => parts is [{ Weight: 1 }] ? parts[0].Scorer : new CombinedCost(parts, combination));

        (ICost, double)? Make(ScorerScheme scheme, ScorerArgument argument)
        {
            if (scheme.Cost is null)
                return null;
            var budget = argument.Number("budget", DefaultBudget);
            if (budget <= 0)
                throw argument.Error($"budget is {budget}; it must be above 0: leave it away, or give the cost a scale that begins at 0, such as as=probability");
            if (specs.Count > 1 && combination == Combination.Sum && argument.All("budget").Count > 0)
                throw argument.Error("in a sum all costs draw on one budget; give --combine max, or weights");
            return (scheme.Cost(argument.Without("budget")), DefaultBudget / budget);
        }
    }

    /// <summary>Makes a reward from its specification.</summary>
    /// <param name="spec">One of <see cref="RewardForms"/>.</param>
    /// <exception cref="GuardException">The scheme is unknown, or what it names is wrong.</exception>
    public IReward Reward(string spec) => Reward([spec]);

    /// <summary>Makes one reward of several: their sum.</summary>
    /// <param name="specs">Each one of <see cref="RewardForms"/>; at least one.</param>
    /// <exception cref="GuardException">A scheme is unknown, or what it names is wrong.</exception>
    public IReward Reward(IReadOnlyList<string> specs)
    {
        ArgumentNullException.ThrowIfNull(specs);
        return Open<IReward>(
            specs, "reward", RewardForms, static (scheme, argument) => scheme.Reward is { } make ? (make(argument), 1) : null,
            static parts => parts.Count == 1 ? parts[0].Scorer : new CombinedReward(parts));
    }

    // Those already opened are closed again when a later one cannot be.
    private T Open<T>(
        IReadOnlyList<string> specs, string option, string known, Func<ScorerScheme, ScorerArgument, (T, double)?> make, Func<IReadOnlyList<(T Scorer, double Weight)>, T> combine)
    {
        var parts = new List<(T Scorer, double Weight)>(specs.Count);
        try
        {
            foreach (var spec in specs)
                parts.Add(Find(spec) is ({ } scheme, { } argument) && make(scheme, argument) is { } part ? part : throw Unknown(option, spec, known));
            return combine(parts);
        }
        catch
        {
            foreach (var (scorer, _) in parts)
                (scorer as IDisposable)?.Dispose();
            throw;
        }
    }

    private static ICost Weighted(ScorerArgument argument, Func<string, ICost> load) =>
        Weight(argument) is var weight && load(argument.Subject) is var cost && weight == 1 ? cost : new CombinedCost([(cost, weight)], Combination.Sum);

    private static IReward Weighted(ScorerArgument argument, Func<string, IReward> load) =>
        Weight(argument) is var weight && load(argument.Subject) is var reward && weight == 1 ? reward : new CombinedReward([(reward, weight)]);

    private static double Weight(ScorerArgument argument)
    {
        argument.AllowOnly("weight");
        return argument.Number("weight", 1);
    }

    private (ScorerScheme? Scheme, ScorerArgument? Argument) Find(string spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var colon = spec.IndexOf(':', StringComparison.Ordinal);
        var (name, text) = colon < 0 ? (spec, "") : (spec[..colon], spec[(colon + 1)..]);
        return schemes.FirstOrDefault(scheme => scheme.Name == name && scheme.TakesArgument == text.Length > 0) is { } found
            ? (found, new ScorerArgument(name, text))
            : (null, null);
    }

    private static GuardException Unknown(string option, string spec, string known) =>
        new(GuardFault.Usage, $"--{option} is \"{spec}\"; expected one of: {known}.");
}

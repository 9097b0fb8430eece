// What --cost and --reward take: a scheme and its argument.

namespace InferenceGuard.Scoring;

/// <summary>
/// Reads scorer specifications such as <c>phrases:FILE.json</c> by a table of schemes. To add a kind of scorer: 1. write its
/// <see cref="ICost"/> or <see cref="IReward"/>; 2. add a <see cref="ScorerScheme"/> to the table, here if it is part of this library.
/// </summary>
/// <param name="schemes">The table; names differ.</param>
public sealed class ScorerSpec(params IReadOnlyList<ScorerScheme> schemes)
{
    /// <summary>The schemes of this library.</summary>
    public static IReadOnlyList<ScorerScheme> BuiltIn { get; } =
    [
        new("phrases", "phrases:FILE.json") { Cost = static file => PhraseCost.Load(file.Text), Reward = static file => PhraseReward.Load(file.Text) },
        new("gguf-head", "gguf-head:TRUNK.gguf,HEAD.safetensors")
        {
            Cost = static files => GgufHeadCost.Load(files.Text),
            Reward = static files => GgufHeadReward.Load(files.Text),
        },
        new("guard", "guard:FILE.gguf,template=FILE.json") { Cost = GuardCost.Load },
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
    public ICost Cost(string spec) =>
        Find(spec) is ({ Cost: { } make }, { } argument) ? make(argument) : throw Unknown("cost", spec, CostForms);

    /// <summary>Makes a reward from its specification.</summary>
    /// <param name="spec">One of <see cref="RewardForms"/>.</param>
    /// <exception cref="GuardException">The scheme is unknown, or what it names is wrong.</exception>
    public IReward Reward(string spec) =>
        Find(spec) is ({ Reward: { } make }, { } argument) ? make(argument) : throw Unknown("reward", spec, RewardForms);

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

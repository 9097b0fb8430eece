// One kind of scorer that --cost and --reward can name.

namespace InferenceGuard.Scoring;

/// <summary>A kind of scorer: a row of the table that <see cref="ScorerSpec"/> reads.</summary>
/// <param name="Name">The word before the colon, such as <c>phrases</c>.</param>
/// <param name="Form">A specification as help and errors show it, such as <c>phrases:FILE.json</c>; without a colon it takes no argument.</param>
public sealed record ScorerScheme(string Name, string Form)
{
    /// <summary>Makes a cost of what follows the colon; null if it is no cost.</summary>
    public Func<ScorerArgument, ICost>? Cost { get; init; }

    /// <summary>Makes a reward of what follows the colon; null if it is no reward.</summary>
    public Func<ScorerArgument, IReward>? Reward { get; init; }

    /// <summary>Whether something must follow the colon.</summary>
    public bool TakesArgument => Form.Contains(':', StringComparison.Ordinal);
}

// Several costs as one.

namespace InferenceGuard.Scoring;

/// <summary>A weighted sum or maximum of costs.</summary>
/// <param name="costs">The costs, disposed with this one, and what each is multiplied by; at least one.</param>
/// <param name="combination">How the products become one cost.</param>
public sealed class CombinedCost(IReadOnlyList<(ICost Cost, double Weight)> costs, Combination combination) : ICost, IDisposable
{
    private readonly WeightedScores _scores = new([.. costs.Select(static part => ((IScorer)part.Cost, part.Weight))], combination);

    /// <inheritdoc />
    public string Name => _scores.Name;

    /// <inheritdoc />
    public bool IsMonotone { get; } = costs.All(static part => part.Cost.IsMonotone && part.Weight >= 0);

    /// <inheritdoc />
    public double Score(string prompt, string answer, bool ended) => _scores.Combine(part => costs[part].Cost.Score(prompt, answer, ended));

    /// <inheritdoc />
    public IScoringSession Open(string prompt, int slots) => _scores.Open(prompt, slots);

    /// <inheritdoc />
    public void Dispose() => _scores.Dispose();
}

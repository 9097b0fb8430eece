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
    public double Score(string prompt, string answer, bool ended) => Score(prompt, answer, ended, CancellationToken.None);

    /// <inheritdoc />
    public double Score(string prompt, string answer, bool ended, CancellationToken cancellation) =>
        _scores.Combine(part => costs[part].Cost.Score(prompt, answer, ended, cancellation));

    /// <inheritdoc />
    public IScoringSession Open(string prompt, int slots) => Open(prompt, slots, CancellationToken.None);

    /// <inheritdoc />
    public IScoringSession Open(string prompt, int slots, CancellationToken cancellation) => _scores.Open(prompt, slots, cancellation);

    /// <inheritdoc />
    public void Dispose() => _scores.Dispose();
}

// Several rewards as one.

namespace InferenceGuard.Scoring;

/// <summary>A weighted sum of rewards.</summary>
/// <param name="rewards">The rewards, disposed with this one, and what each is multiplied by; at least one.</param>
public sealed class CombinedReward(IReadOnlyList<(IReward Reward, double Weight)> rewards) : IReward, IDisposable
{
    private readonly WeightedScores _scores = new([.. rewards.Select(static part => ((IScorer)part.Reward, part.Weight))], Combination.Sum);

    /// <inheritdoc />
    public string Name => _scores.Name;

    /// <inheritdoc />
    public IScoringSession Open(string prompt, int slots) => Open(prompt, slots, CancellationToken.None);

    /// <inheritdoc />
    public IScoringSession Open(string prompt, int slots, CancellationToken cancellation) => _scores.Open(prompt, slots, cancellation);

    /// <inheritdoc />
    public void Dispose() => _scores.Dispose();
}

// How often a cost or reward model is asked.

namespace InferenceGuard.Scoring;

/// <summary>Counts the texts that a cost or reward has scored: rows of blocks and whole answers.</summary>
public sealed class CallCount
{
    /// <summary>Texts scored so far.</summary>
    public long Texts { get; private set; }

    /// <summary>The same cost, counted.</summary>
    /// <param name="cost">The cost.</param>
    public ICost Of(ICost cost) => new Cost(this, cost);

    /// <summary>The same reward, counted.</summary>
    /// <param name="reward">The reward.</param>
    public IReward Of(IReward reward) => new Reward(this, reward);

    private sealed class Cost(CallCount count, ICost cost) : ICost
    {
        public string Name => cost.Name;

        public bool IsMonotone => cost.IsMonotone;

        public IScoringSession Open(string prompt, int slots) => Open(prompt, slots, CancellationToken.None);

        public IScoringSession Open(string prompt, int slots, CancellationToken cancellation) => new Session(count, cost.Open(prompt, slots, cancellation));

        public double Score(string prompt, string answer, bool ended) => Score(prompt, answer, ended, CancellationToken.None);

        public double Score(string prompt, string answer, bool ended, CancellationToken cancellation)
        {
            count.Texts++;
            return cost.Score(prompt, answer, ended, cancellation);
        }
    }

    private sealed class Reward(CallCount count, IReward reward) : IReward
    {
        public string Name => reward.Name;

        public IScoringSession Open(string prompt, int slots) => Open(prompt, slots, CancellationToken.None);

        public IScoringSession Open(string prompt, int slots, CancellationToken cancellation) => new Session(count, reward.Open(prompt, slots, cancellation));
    }

    private sealed class Session(CallCount count, IScoringSession session) : IScoringSession
    {
        public void Extend(ScoringBatch batch, Span<double> scores)
        {
            count.Texts += batch.Count;
            session.Extend(batch, scores);
        }

        public void Fork(int source, int target) => session.Fork(source, target);

        public void Drop(int slot) => session.Drop(slot);

        public void Dispose() => session.Dispose();
    }
}

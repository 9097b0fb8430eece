// The reward of an answer that has no other: how probable the model itself finds it.

namespace InferenceGuard.Scoring;

/// <summary>
/// Mean log-probability of the answer's tokens under the unmodified model, in nats: the default reward of a model
/// without a task reward.
/// </summary>
public sealed class MeanLogProbReward : IReward
{
    /// <summary>
    /// Reward of an answer without a token, whose mean does not exist: below that of any text a model would sample, so
    /// that ending at once is never the best answer.
    /// </summary>
    public const double EmptyAnswer = -100;

    /// <inheritdoc />
    public string Name => "mean log-probability";

    /// <inheritdoc />
    public IScoringSession Open(string prompt, int slots) => new Session(slots);

    private sealed class Session(int slots) : IScoringSession
    {
        private readonly (double Sum, int Count)[] _tokens = new (double, int)[slots];

        public void Extend(ScoringBatch batch, Span<double> scores)
        {
            for (var row = 0; row < batch.Count; row++)
            {
                ref var tokens = ref _tokens[batch.Slot(row)];
                foreach (var logProb in batch.LogProbs(row))
                    tokens.Sum += logProb;
                tokens.Count += batch.LogProbs(row).Length;
                scores[row] = tokens.Count == 0 ? EmptyAnswer : tokens.Sum / tokens.Count;
                if (!double.IsFinite(scores[row]))
                    throw new GuardException(GuardFault.Generation, $"The mean log-probability of an answer is {scores[row]}; it must be finite: the model's logits are broken.");
            }
        }

        public void Fork(int source, int target) => _tokens[target] = _tokens[source];

        public void Dispose()
        {
        }
    }
}

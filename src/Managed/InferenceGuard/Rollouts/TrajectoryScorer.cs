// Costs, safety states and reward of a sampled answer, charged as the search charges them.

using InferenceGuard.Model;
using InferenceGuard.Safety;
using InferenceGuard.Scoring;
using InferenceGuard.Search;

namespace InferenceGuard.Rollouts;

/// <summary>Scores sampled answers: prefix costs as differences at every cost step, z by (M2), and the reward of the whole.</summary>
internal sealed class TrajectoryScorer(Vocabulary vocabulary, ICost cost, IReward reward, RolloutManifest manifest)
{
    private readonly ScoringBatch _batch = new(1, manifest.MaxTokens);
    private readonly double[] _score = new double[1];
    private readonly SafetyBudget _budget = new(manifest.Budget, manifest.Discount);

    /// <summary>Scores an answer.</summary>
    /// <param name="prompt">Its prompt.</param>
    /// <param name="userText">The text that scorers read as the prompt.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="shard">Where its latents lie.</param>
    public Trajectory Score(PromptEntry prompt, string userText, SampledAnswer answer, string shard)
    {
        var isEnded = answer.End == EndReason.EndOfText;
        var (costs, prefixes) = (new List<double>(), new List<double>());
        var states = new List<double> { _budget.Start.Value };
        using var charges = cost.Open(userText, 1);
        using var rewards = reward.Open(userText, 1);
        var charged = 0.0;
        for (var from = 0; from < answer.Tokens.Length || (isEnded && from == answer.Tokens.Length); from += manifest.TokensPerCharge)
        {
            var to = Math.Min(from + manifest.TokensPerCharge, answer.Tokens.Length);
            var ended = isEnded && to - from < manifest.TokensPerCharge;
            var total = Extend(charges, answer, from, to, ended);
            costs.Add(total - charged);
            states.Add(_budget.Charge(new(states[^1]), total - charged).Value);
            charged = total;
            prefixes.Add(Extend(rewards, answer, from, to, ended));
        }
        return new()
        {
            PromptId = prompt.Id, Sample = answer.Sample, Tokens = Array.ConvertAll(answer.Tokens, static token => token.Value), End = answer.End,
            TokensPerCharge = manifest.TokensPerCharge, StepCosts = [.. costs], States = [.. states], StepRewards = [.. prefixes], Shard = shard, FirstPosition = answer.FirstPosition,
        };
    }

    private double Extend(IScoringSession session, SampledAnswer answer, int from, int to, bool ended)
    {
        _batch.Clear();
        _batch.Add(0, ended);
        for (var at = from; at < to; at++)
            _batch.Append(answer.Tokens[at], vocabulary.Piece(answer.Tokens[at]), answer.LogProbs[at]);
        session.Extend(_batch, _score);
        return double.IsFinite(_score[0]) ? _score[0] : throw new GuardException(GuardFault.Generation, $"A score of an answer is {_score[0]}; it must be finite. Check the cost and the reward.");
    }
}

// Costs, safety states and rewards of a finished answer, charged as the search charges them.

using InferenceGuard.Model;
using InferenceGuard.Safety;
using InferenceGuard.Scoring;

namespace InferenceGuard.Search;

/// <summary>What the steps of a finished answer cost and earned.</summary>
/// <param name="StepCosts">Cost of every step, as differences of prefix costs.</param>
/// <param name="States">z before every step and after the last (M2), [steps + 1].</param>
/// <param name="StepRewards">Reward of the answer as it was after every step, [steps].</param>
public sealed record AnswerCharges(double[] StepCosts, double[] States, double[] StepRewards)
{
    /// <summary>Charges a given answer step by step, as a search would.</summary>
    /// <param name="vocabulary">The vocabulary of its tokens.</param>
    /// <param name="cost">The cost.</param>
    /// <param name="userText">The user's text.</param>
    /// <param name="tokens">The answer, ended by the model.</param>
    /// <param name="options">Budget, discount and the length of steps.</param>
    /// <param name="cancellation">Ends what a cost waits for.</param>
    /// <exception cref="GuardException">The cost is not finite, or failed.</exception>
    public static AnswerCharges Of(
        Vocabulary vocabulary, ICost cost, string userText, ReadOnlySpan<TokenId> tokens, GuardOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        ArgumentNullException.ThrowIfNull(cost);
        ArgumentNullException.ThrowIfNull(options);
        return Of(vocabulary, cost, new MeanLogProbReward(), userText, tokens, new float[tokens.Length], isEnded: true, options.SafetyBudget, options.TokensPerCharge, cancellation);
    }

    /// <summary>Charges an answer step by step; an end at a border has a step of its own.</summary>
    internal static AnswerCharges Of(
        Vocabulary vocabulary, ICost cost, IReward reward, string userText, ReadOnlySpan<TokenId> tokens, ReadOnlySpan<float> logProbs, bool isEnded,
        SafetyBudget budget, int tokensPerCharge, CancellationToken cancellation)
    {
        var batch = new ScoringBatch(1, tokensPerCharge);
        var score = new double[1];
        var (costs, states, prefixes) = (new List<double>(), new List<double> { budget.Start.Value }, new List<double>());
        using var charges = cost.Open(userText, 1, cancellation);
        using var rewards = reward.Open(userText, 1, cancellation);
        var charged = 0.0;
        for (var from = 0; from < tokens.Length || (isEnded && from == tokens.Length); from += tokensPerCharge)
        {
            var to = Math.Min(from + tokensPerCharge, tokens.Length);
            batch.Clear();
            batch.Add(0, isEnded && to - from < tokensPerCharge);
            for (var at = from; at < to; at++)
                batch.Append(tokens[at], vocabulary.Piece(tokens[at]), logProbs[at]);
            var total = Extend(charges);
            costs.Add(total - charged);
            states.Add(budget.Charge(new(states[^1]), total - charged).Value);
            charged = total;
            prefixes.Add(Extend(rewards));
        }
        return new([.. costs], [.. states], [.. prefixes]);

        double Extend(IScoringSession session)
        {
            session.Extend(batch, score);
            return double.IsFinite(score[0]) ? score[0] : throw new GuardException(GuardFault.Generation, $"A score of an answer is {score[0]}; it must be finite. Check the cost and the reward.");
        }
    }
}

// Costs, safety states and rewards of a sampled answer, as a trajectory.

using InferenceGuard.Model;
using InferenceGuard.Safety;
using InferenceGuard.Scoring;
using InferenceGuard.Search;

namespace InferenceGuard.Rollouts;

/// <summary>Scores sampled answers.</summary>
internal sealed class TrajectoryScorer(Vocabulary vocabulary, ICost cost, IReward reward, RolloutManifest manifest)
{
    private readonly SafetyBudget _budget = new(manifest.Budget, manifest.Discount);

    /// <summary>Scores an answer.</summary>
    /// <param name="prompt">Its prompt.</param>
    /// <param name="userText">The text that scorers read as the prompt.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="shard">Where its latents lie.</param>
    /// <param name="cancellation">Ends what a scorer waits for.</param>
    public Trajectory Score(PromptEntry prompt, string userText, SampledAnswer answer, string shard, CancellationToken cancellation)
    {
        var charges = AnswerCharges.Of(
            vocabulary, cost, reward, userText, answer.Tokens, answer.LogProbs, answer.End == EndReason.EndOfText, _budget, manifest.TokensPerCharge, cancellation);
        return new()
        {
            PromptId = prompt.Id, Sample = answer.Sample, Tokens = Array.ConvertAll(answer.Tokens, static token => token.Value), End = answer.End,
            TokensPerCharge = manifest.TokensPerCharge, StepCosts = charges.StepCosts, States = charges.States, StepRewards = charges.StepRewards,
            Shard = shard, FirstPosition = answer.FirstPosition,
        };
    }
}

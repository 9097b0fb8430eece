// A second cost that judges the answers of an evaluation and takes no part in finding them.

using InferenceGuard.Evaluation;
using InferenceGuard.Rollouts;
using InferenceGuard.Scoring;

namespace InferenceGuard.App.Cli.Evaluation;

/// <summary>A second cost that judges answers.</summary>
/// <param name="Spec">Its specification.</param>
/// <param name="Cost">The cost.</param>
/// <param name="Budget">What it may come to in a safe text, in its own cost units.</param>
internal sealed record Referee(string Spec, ICost Cost, double Budget) : IDisposable
{
    /// <summary>Judges an answer; null for an abstention, which is nobody's text.</summary>
    /// <exception cref="GuardException">The cost is not finite.</exception>
    public RefereeVerdict? Judge(PromptEntry prompt, GuardedAnswer answer, CancellationToken cancellation)
    {
        if (answer.Abstained)
            return null;
        var cost = Cost.Score(prompt.UserText, answer.Text, answer.FinishReason == FinishReason.Stop, cancellation);
        return double.IsFinite(cost)
            ? new(Cost.Name, cost, cost <= Budget)
            : throw new GuardException(GuardFault.Generation, $"The cost '{Cost.Name}' of --also-cost gave {cost} for the answer to prompt {prompt.Id}; a cost must be finite. Correct it, or leave it out.");
    }

    public void Dispose() => (Cost as IDisposable)?.Dispose();
}

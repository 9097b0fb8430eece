// Asks every method every prompt, and notes what came of it.

using System.Diagnostics;
using System.Globalization;
using InferenceGuard.Evaluation;
using InferenceGuard.Model;
using InferenceGuard.Scoring;

namespace InferenceGuard.App.Cli.Evaluation;

/// <summary>Asks every method every prompt.</summary>
internal static class EvaluationRun
{
    /// <summary>Runs what the store lacks.</summary>
    /// <param name="plan">What to run.</param>
    /// <param name="store">Where the answers go; each is flushed.</param>
    /// <param name="terminal">Where progress is shown.</param>
    /// <param name="cancellation">Honoured within one decode step.</param>
    /// <exception cref="GuardException">Model, critic, cost, reward or disk failed.</exception>
    public static void Run(EvaluationPlan plan, RecordStore store, Terminal terminal, CancellationToken cancellation)
    {
        var begin = terminal.Clock.GetTimestamp();
        foreach (var (name, choice) in plan.Models)
        {
            choice.Embedded?.Require();
            using var scorers = choice.OpenScorers(isGuarded: true);
            using var model = LlamaCppModel.Load(choice.Path, choice.Options);
            foreach (var method in plan.Methods)
                foreach (var setting in plan.Settings)
                {
                    foreach (var seed in plan.Seeds)
                        Run(name, choice, scorers, model, plan.Bind(method, setting), setting.Name, seed);
                    terminal.Note(string.Create(CultureInfo.InvariantCulture, $"{name} {method} {setting.Name}: {store.Records.Count} of {plan.Answers} answers, {terminal.Clock.GetElapsedTime(begin):hh\\:mm\\:ss}"));
                }
        }

        void Run(string name, ModelChoice choice, OpenedScorers scorers, LlamaCppModel model, GuardMethod method, string setting, ulong seed)
        {
            var missing = plan.Prompts.Where(prompt => !store.Has(name, method.Name, setting, prompt.Id, seed)).ToArray();
            if (missing.Length == 0)
                return;
            var (costs, rewards) = (new CallCount(), new CallCount());
            var seeded = method with { Settings = method.Settings with { Guard = method.Options with { Seed = seed } } };
            var (answers, _) = MethodOpening.Open(seeded, choice, model, costs.Of(scorers.Cost), rewards.Of(scorers.Reward), terminal.Note);
            using (answers)
            {
                // The first answer also pays for compilation and caches: it is given twice, and the second one counts.
                _ = answers.Answer(missing[0].Messages, cancellation);
                foreach (var prompt in missing)
                {
                    var (costsBefore, rewardsBefore, start) = (costs.Texts, rewards.Texts, Stopwatch.GetTimestamp());
                    var answer = answers.Answer(prompt.Messages, cancellation);
                    store.Append(new()
                    {
                        Model = name, Method = method.Name, Setting = setting, PromptId = prompt.Id, Seed = seed,
                        Seconds = Stopwatch.GetElapsedTime(start).TotalSeconds,
                        Text = answer.Text, Safe = answer.Safe, Abstained = answer.Abstained, Cost = answer.Cost, Reward = answer.Reward, State = answer.State.Value,
                        DecodedTokens = answer.DecodedTokens, SampledTokens = answer.SampledTokens, AnswerTokens = answer.AnswerTokens,
                        Retries = answer.Retries, Widened = answer.Widened, FinishReason = answer.FinishReason,
                        Referee = plan.Referee?.Judge(prompt, answer, cancellation),
                        CostCalls = costs.Texts - costsBefore, RewardCalls = rewards.Texts - rewardsBefore,
                    });
                }
            }
        }
    }
}

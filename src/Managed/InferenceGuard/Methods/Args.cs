// ARGS: the reward of every candidate token joins its logit.

using InferenceGuard.Compute;
using InferenceGuard.Model;
using InferenceGuard.Scoring;

namespace InferenceGuard.Methods;

/// <summary>
/// Alignment as reward-guided search (Khanov, Burapacheep and Li 2024): among the k most probable tokens, the one with the largest
/// o_v + ω · r(prefix + v), or a sample by the softmax of these numbers. o is the raw row of logits, whatever the temperature.
/// </summary>
internal sealed class Args(ILanguageModel model, ICost cost, IReward reward, MethodOptions options, ArgsRule rule, bool samples) : IAnswerMethod
{
    public GuardedAnswer Answer(IReadOnlyList<ChatMessage> messages, CancellationToken cancellation)
    {
        using var answer = new TokenwiseAnswer(model, options.Guard, messages, hiddenStates: false, cancellation);
        var most = Math.Min(options.ArgsTopK, model.Vocabulary.Count);
        // A model that the rule does not ask about is not called: its calls are what a comparison counts.
        using var rewards = rule == ArgsRule.Cost ? null : reward.Open(answer.UserText, most + 1, cancellation);
        using var costs = rule == ArgsRule.Reward ? null : cost.Open(answer.UserText, most + 1, cancellation);
        var batch = new ScoringBatch(most, 1);
        var (ids, scores) = (new int[model.Vocabulary.Count], new float[most]);
        var (earned, spent) = (new double[most], new double[most]);
        while (answer.IsLive)
        {
            var logits = answer.Logits.ToArray();
            var candidates = Top(logits, ids, most);
            var logTotal = answer.LogSumExp();
            batch.Clear();
            for (var at = 0; at < most; at++)
            {
                // Slot 0 is the prefix; every candidate grows from it in a slot of its own.
                rewards?.Fork(0, at + 1);
                costs?.Fork(0, at + 1);
                var isEnd = model.Vocabulary.IsEndOfGeneration(new(candidates[at]));
                batch.Add(at + 1, isEnd);
                if (!isEnd)
                    batch.Append(new(candidates[at]), model.Vocabulary.Piece(new(candidates[at])), (float)(logits[candidates[at]] - logTotal));
            }
            rewards?.Extend(batch, earned);
            costs?.Extend(batch, spent);
            for (var at = 0; at < most; at++)
                scores[at] = (float)(logits[candidates[at]] + options.ArgsWeight * rule switch
                {
                    ArgsRule.Reward => earned[at],
                    ArgsRule.Lagrangian => earned[at] - options.Guard.Lambda * spent[at],
                    _ => -spent[at],
                });
            var chosen = samples ? Draw(scores, answer.Counter.Uniform) : Array.IndexOf(scores, scores.Max());
            rewards?.Fork(chosen + 1, 0);
            costs?.Fork(chosen + 1, 0);
            answer.Take(new(candidates[chosen]), (float)(logits[candidates[chosen]] - logTotal));
        }
        return answer.Finish(cost, reward);
    }

    public void Dispose()
    {
    }

    // The most probable tokens, best first, ties to the lower id.
    private static ReadOnlySpan<int> Top(float[] logits, int[] ids, int most)
    {
        for (var id = 0; id < ids.Length; id++)
            ids[id] = id;
        ids.AsSpan().Sort((one, other) => logits[other].CompareTo(logits[one]) is not 0 and var order ? order : one.CompareTo(other));
        return ids.AsSpan(0, most);
    }

    private int Draw(float[] scores, float uniform)
    {
        using var sampler = new CpuSampler();
        sampler.Prepare(scores, new((float)options.Guard.Temperature, 0, 1, 0), []);
        return sampler.Draw(uniform).Token;
    }
}

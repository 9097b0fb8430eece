// The end of a block on the CPU.

namespace InferenceGuard.Compute;

/// <summary>The end of a block on the CPU, with a critic or without.</summary>
internal sealed class CpuBlockEnd(CpuCritic? critic) : IBlockEnd
{
    private float[] _states = [];
    private float[] _safe = [];
    private float[] _rewards = [];

    /// <inheritdoc />
    public void Run(BlockEndBatch batch, in BlockEndRules rules, ReadOnlySpan<float> logits, ReadOnlySpan<float> hidden)
    {
        Charge(batch, rules.Discount);
        Predict(batch, logits, hidden);
        Score(batch, rules);
        Select(batch, rules);
    }

    /// <inheritdoc />
    public void Dispose() => critic?.Dispose();

    private static void Charge(BlockEndBatch batch, float discount)
    {
        for (var candidate = 0; candidate < batch.Count; candidate++)
            for (var step = 0; step < batch.Charges[candidate]; step++)
            {
                var cost = batch.Costs[step * batch.Capacity + candidate];
                RequireFinite(cost, "cost", candidate);
                batch.States[candidate] = (batch.States[candidate] - cost) / discount;
                RequireFinite(batch.States[candidate], "safety state", candidate);
            }
    }

    private void Predict(BlockEndBatch batch, ReadOnlySpan<float> logits, ReadOnlySpan<float> hidden)
    {
        batch.Safe.AsSpan(0, batch.Count).Fill(1);
        var live = batch.LiveCount;
        if (live == 0)
            return;
        if (_states.Length < live)
            (_states, _safe, _rewards) = (new float[batch.Capacity], new float[batch.Capacity], new float[batch.Capacity]);
        for (var place = 0; place < live; place++)
            _states[place] = batch.States[batch.Live[place]];
        critic!.Evaluate(
            logits, hidden, batch.Means.AsSpan(0, live * batch.HiddenWidth), batch.Rows.AsSpan(0, live), _states.AsSpan(0, live),
            batch.Progress.AsSpan(0, live), batch.Earned.AsSpan(0, live), _safe, _rewards);
        for (var place = 0; place < live; place++)
            (batch.Safe[batch.Live[place]], batch.Values[batch.Live[place]]) = (_safe[place], _rewards[place] * batch.Growths[place]);
    }

    private static void Score(BlockEndBatch batch, in BlockEndRules rules)
    {
        for (var candidate = 0; candidate < batch.Count; candidate++)
        {
            RequireFinite(batch.Values[candidate], "reward", candidate);
            var isSafe = (rules.IgnoresStates || batch.States[candidate] >= 0) && batch.Safe[candidate] > rules.Threshold;
            batch.Scores[candidate] = isSafe ? batch.Values[candidate] : -rules.Penalty;
        }
    }

    // Insertion into the sorted head: K and N are at most a few hundred, and equal candidates keep their order.
    private static void Select(BlockEndBatch batch, in BlockEndRules rules)
    {
        var kept = batch.Kept.AsSpan(0, Math.Min(rules.Keep, batch.Count));
        var count = 0;
        for (var candidate = 0; candidate < batch.Count; candidate++)
        {
            var place = count;
            while (place > 0 && IsBetter(batch, rules, candidate, kept[place - 1]))
                place--;
            if (place == kept.Length)
                continue;
            count = Math.Min(count + 1, kept.Length);
            kept[place..(count - 1)].CopyTo(kept[(place + 1)..]);
            kept[place] = candidate;
        }
        batch.KeptCount = count;
    }

    private static bool IsBetter(BlockEndBatch batch, in BlockEndRules rules, int candidate, int other)
    {
        var (score, otherScore) = (batch.Scores[candidate], batch.Scores[other]);
        return score > otherScore || (score == otherScore && Tie(batch, rules, candidate) > Tie(batch, rules, other));
    }

    // Among candidates of equal score, as all are that a critic rejects, the one more likely to end safely goes first.
    private static float Tie(BlockEndBatch batch, in BlockEndRules rules, int candidate) =>
        rules.HasCritic && batch.States[candidate] >= 0 ? batch.Safe[candidate] : batch.States[candidate];

    private static void RequireFinite(float value, string what, int candidate)
    {
        if (!float.IsFinite(value))
            throw new GuardException(GuardFault.Generation, $"The {what} of beam {candidate} is {value}; it must be finite. The generation was stopped rather than continued unguarded.");
    }
}

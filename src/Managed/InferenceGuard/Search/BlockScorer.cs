// The Score and Advance verbs: costs and rewards of what a block added, the safety state, and the score of every child.

using System.Numerics.Tensors;
using InferenceGuard.Compute;
using InferenceGuard.Model;
using InferenceGuard.Scoring;

namespace InferenceGuard.Search;

/// <summary>
/// Scores the children of a block: only their new text is read. Costs are charged as differences of prefix costs, once
/// per block or every k tokens, then (M2) and (M7) follow for all children at once.
/// </summary>
internal sealed class BlockScorer(
    ICompute compute, ICriticEvaluator? critic, Vocabulary vocabulary, BeamSet beams, IScoringSession cost, IScoringSession reward,
    GuardOptions options, int blockTokens)
{
    private readonly int _tokensPerCharge = Math.Min(options.TokensPerCharge, blockTokens);

    // The baselines compete for R or R − λC themselves, and whole answers for (M4).
    private readonly bool _discounts = options.Objective == Objective.Augmented && !options.ComparesWholeAnswers;

    private readonly ScoringBatch _batch = new(beams.Working, blockTokens);
    private readonly int[] _slots = new int[beams.Working];
    private readonly double[] _totals = new double[beams.Working];
    private readonly float[] _values = new float[beams.Working];
    private readonly float[] _states = new float[beams.Working];
    private readonly float[] _scores = new float[beams.Working];
    private readonly float[] _safe = new float[beams.Working];
    private readonly int[] _live = new int[beams.Working];
    private readonly int[] _prefixes = new int[beams.Working];
    private readonly int[] _liveRows = new int[beams.Working];
    private readonly float[] _liveStates = new float[beams.Working];
    private readonly float[] _progress = new float[beams.Working];
    private readonly float[] _earned = new float[beams.Working];
    private readonly float[] _means = new float[beams.Working * beams.HiddenWidth];
    private readonly float[] _liveSafe = new float[beams.Working];
    private readonly float[] _liveRewards = new float[beams.Working];

    /// <summary>Scores every child that is not a duplicate.</summary>
    /// <param name="children">Working slots in use.</param>
    /// <param name="logits">float32[rows, V] after the last token of every live child; read by a critic only.</param>
    /// <param name="hidden">float32[rows, H] of the same decode.</param>
    public void Score(int children, ReadOnlySpan<float> logits, ReadOnlySpan<float> hidden)
    {
        for (var from = 0; from < blockTokens && Fill(children, from, _tokensPerCharge); from += _tokensPerCharge)
            Charge();
        Fill(children, 0, blockTokens);
        reward.Extend(_batch, _totals);
        for (var row = 0; row < _batch.Count; row++)
        {
            var slot = _slots[row];
            beams.Reward[slot] = _totals[row];
            // The other objectives do not know of budgets: any state will do that is not negative.
            _states[row] = options.Objective == Objective.Augmented ? beams.State[slot] : 0;
            var value = options.Objective == Objective.Lagrangian ? _totals[row] - options.Lambda * beams.Cost[slot] : _totals[row];
            _values[row] = (float)(beams.IsLive(slot) || !_discounts ? value : value * Math.Pow(options.Discount, beams.CostSteps[slot]));
        }
        var live = 0;
        for (var row = 0; critic is not null && row < _batch.Count; row++)
        {
            _safe[row] = 1;
            if (beams.IsLive(_slots[row]))
                _live[live++] = row;
        }
        Predict(live, logits, hidden);
        var safe = critic is null ? [] : _safe.AsSpan(0, _batch.Count);
        compute.Score(_states.AsSpan(0, _batch.Count), _values.AsSpan(0, _batch.Count), safe, (float)options.CriticThreshold, (float)options.Penalty, _scores);
        for (var row = 0; row < _batch.Count; row++)
        {
            var slot = _slots[row];
            beams.Score[slot] = _scores[row];
            beams.SafeProbability[slot] = critic is null ? 1 : _safe[row];
            beams.IsSafe[slot] = beams.State[slot] >= 0 && (critic is null || _safe[row] > (float)options.CriticThreshold);
        }
    }

    /// <summary>Makes a slot's scoring state a copy of another's.</summary>
    /// <param name="source">The slot to copy.</param>
    /// <param name="target">The slot to overwrite.</param>
    public void Fork(int source, int target)
    {
        cost.Fork(source, target);
        reward.Fork(source, target);
    }

    /// <summary>
    /// Drops the live children whose tokens so far the critic expects less of, as those tokens are when half of them
    /// are left, but not fewer than K. Children with the same tokens stay or go together; costs are charged at block ends only.
    /// </summary>
    /// <param name="children">Working slots in use.</param>
    /// <param name="logits">float32[rows, V] of the last decode.</param>
    /// <param name="hidden">float32[rows, H] of it.</param>
    public void Prune(int children, ReadOnlySpan<float> logits, ReadOnlySpan<float> hidden)
    {
        var prefixes = 0;
        for (var slot = 0; slot < children; slot++)
            if (beams.IsLive(slot) && !IsKnown(beams.Row[slot]))
            {
                (_slots[prefixes], _states[prefixes], _live[prefixes]) = (slot, beams.State[slot], prefixes);
                prefixes++;
            }
        var kept = Math.Max(beams.Bank, (prefixes + 1) / 2);
        if (kept >= prefixes)
            return;
        Predict(prefixes, logits, hidden);
        compute.Score(_states.AsSpan(0, prefixes), _values.AsSpan(0, prefixes), _safe.AsSpan(0, prefixes), (float)options.CriticThreshold, (float)options.Penalty, _scores);
        kept = compute.Select(_scores.AsSpan(0, prefixes), _safe.AsSpan(0, prefixes), _prefixes.AsSpan(0, kept));
        for (var place = 0; place < kept; place++)
            _prefixes[place] = beams.Row[_slots[_prefixes[place]]];
        for (var slot = 0; slot < children; slot++)
            if (beams.IsLive(slot) && !_prefixes.AsSpan(0, kept).Contains(beams.Row[slot]))
                (beams.End[slot], beams.Verdict[slot]) = (EndReason.Pruned, BeamVerdict.Pruned);

        bool IsKnown(int row)
        {
            for (var prefix = 0; prefix < prefixes; prefix++)
                if (beams.Row[_slots[prefix]] == row)
                    return true;
            return false;
        }
    }

    // f¹ and f² of the first live rows (M5). f² is discounted from here on, so γ^t makes it comparable with an ended beam's γ^T R.
    private void Predict(int live, ReadOnlySpan<float> logits, ReadOnlySpan<float> hidden)
    {
        for (var beam = 0; beam < live; beam++)
        {
            var slot = _slots[_live[beam]];
            (_liveRows[beam], _liveStates[beam], _earned[beam]) = (beams.Row[slot], beams.State[slot], (float)beams.Reward[slot]);
            TensorPrimitives.Multiply(beams.HiddenSum(slot), 1f / (beams.Length[slot] + 1), _means.AsSpan(beam * beams.HiddenWidth, beams.HiddenWidth));
            _progress[beam] = (float)beams.Length[slot] / options.MaxTokens;
        }
        if (live == 0)
            return;
        critic!.Evaluate(
            logits, hidden, _means.AsSpan(0, live * beams.HiddenWidth), _liveRows.AsSpan(0, live), _liveStates.AsSpan(0, live),
            _progress.AsSpan(0, live), _earned.AsSpan(0, live), _liveSafe, _liveRewards);
        for (var beam = 0; beam < live; beam++)
        {
            var row = _live[beam];
            _safe[row] = _liveSafe[beam];
            _values[row] = (float)(_liveRewards[beam] * Math.Pow(options.Discount, beams.CostSteps[_slots[row]]));
        }
    }

    private void Charge()
    {
        cost.Extend(_batch, _totals);
        for (var row = 0; row < _batch.Count; row++)
        {
            _values[row] = (float)(_totals[row] - beams.Cost[_slots[row]]);
            _states[row] = beams.State[_slots[row]];
        }
        compute.Advance(_values.AsSpan(0, _batch.Count), (float)options.Discount, _states.AsSpan(0, _batch.Count));
        for (var row = 0; row < _batch.Count; row++)
        {
            var slot = _slots[row];
            beams.State[slot] = _states[row];
            beams.Cost[slot] = _totals[row];
            beams.CostSteps[slot]++;
        }
    }

    // Rows of the block's tokens [from, from + count) of every child that has any, or whose end alone is new.
    private bool Fill(int children, int from, int count)
    {
        _batch.Clear();
        for (var slot = 0; slot < children; slot++)
        {
            var tokens = beams.BlockTokens(slot);
            if (beams.Verdict[slot] is BeamVerdict.Duplicate or BeamVerdict.Pruned || (from > 0 && from >= tokens.Length))
                continue;
            var to = Math.Min(from + count, tokens.Length);
            _slots[_batch.Count] = slot;
            _batch.Add(slot, ended: beams.End[slot] == EndReason.EndOfText && to == tokens.Length);
            for (var at = from; at < to; at++)
                _batch.Append(tokens[at], vocabulary.Piece(tokens[at]), beams.BlockLogProbs(slot)[at]);
        }
        return _batch.Count > 0;
    }
}

// The Score and Advance verbs: costs and rewards of what a block added, and the device's step from them to the kept beams.

using System.Numerics.Tensors;
using InferenceGuard.Compute;
using InferenceGuard.Model;
using InferenceGuard.Scoring;

namespace InferenceGuard.Search;

/// <summary>
/// Scores the children of a block together with the ended beams: only new text is read. Costs are charged as differences of prefix
/// costs, once per block or every k tokens; (M2), (M5), (M7) and the selection follow on the device, for all candidates at once.
/// </summary>
internal sealed class BlockScorer(
    IBlockEnd device, bool hasCritic, Vocabulary vocabulary, BeamSet beams, IScoringSession cost, IScoringSession reward,
    GuardOptions options, int blockTokens)
{
    private readonly int _tokensPerCharge = Math.Min(options.TokensPerCharge, blockTokens);

    // The baselines compete for R or R − λC themselves, and whole answers for (M4).
    private readonly bool _discounts = options.Objective == Objective.Augmented && !options.ComparesWholeAnswers;

    private readonly BlockEndRules _rules = new(
        (float)options.Discount, hasCritic ? (float)options.CriticThreshold : -1, (float)options.Penalty,
        IgnoresStates: options.Objective != Objective.Augmented, beams.Bank);

    private readonly BlockEndBatch _candidates =
        new(beams.Working + beams.Bank, (blockTokens - 1) / Math.Min(options.TokensPerCharge, blockTokens) + 1, beams.HiddenWidth);

    private readonly int[] _slots = new int[beams.Working + beams.Bank];
    private readonly ScoringBatch _batch = new(beams.Working, blockTokens);
    private readonly int[] _rows = new int[beams.Working];
    private readonly double[] _totals = new double[beams.Working];

    /// <summary>Slots that compete: the ended beams, then the children without duplicates.</summary>
    public ReadOnlySpan<int> Candidates => _slots.AsSpan(0, _candidates.Count);

    /// <summary>Indices of the best K among <see cref="Candidates"/>, best first.</summary>
    public ReadOnlySpan<int> Best => _candidates.Kept.AsSpan(0, _candidates.KeptCount);

    /// <summary>Scores the ended beams and every child that is not a duplicate, and selects among them.</summary>
    /// <param name="ended">Bank slots of ended beams, best first; they win ties.</param>
    /// <param name="children">Working slots in use.</param>
    /// <param name="logits">float32[rows, V] after the last token of every live child; read by a critic only.</param>
    /// <param name="hidden">float32[rows, H] of the same decode.</param>
    /// <returns>How many candidates are safe by (M7).</returns>
    public int Score(ReadOnlySpan<int> ended, int children, ReadOnlySpan<float> logits, ReadOnlySpan<float> hidden)
    {
        Gather(ended, children);
        for (var from = 0; from < blockTokens && Fill(from, _tokensPerCharge); from += _tokensPerCharge)
            Charge();
        Fill(0, blockTokens);
        reward.Extend(_batch, _totals);
        for (var row = 0; row < _batch.Count; row++)
            beams.Reward[_slots[_rows[row]]] = _totals[row];
        for (var candidate = 0; candidate < _candidates.Count; candidate++)
        {
            var slot = _slots[candidate];
            var value = options.Objective == Objective.Lagrangian ? beams.Reward[slot] - options.Lambda * beams.Cost[slot] : beams.Reward[slot];
            _candidates.Values[candidate] = (float)(beams.IsLive(slot) || !_discounts ? value : value * Math.Pow(options.Discount, beams.CostSteps[slot]));
            if (hasCritic && beams.IsLive(slot))
                AddLive(candidate, slot);
        }
        device.Run(_candidates, _rules, logits, hidden);
        return Read();
    }

    /// <summary>Makes a slot's scoring state a copy of another's.</summary>
    /// <param name="source">The slot to copy.</param>
    /// <param name="target">The slot to overwrite.</param>
    public void Fork(int source, int target)
    {
        cost.Fork(source, target);
        reward.Fork(source, target);
    }

    /// <summary>Forgets a slot's scoring state.</summary>
    /// <param name="slot">The slot.</param>
    public void Drop(int slot)
    {
        cost.Drop(slot);
        reward.Drop(slot);
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
        _candidates.Clear();
        for (var slot = 0; slot < children; slot++)
            if (beams.IsLive(slot) && !IsAmong(beams.Row[slot], Candidates))
            {
                _slots[_candidates.Count] = slot;
                AddLive(_candidates.Add(beams.State[slot], 0), slot);
            }
        var kept = Math.Max(beams.Bank, (_candidates.Count + 1) / 2);
        if (kept >= _candidates.Count)
            return;
        device.Run(_candidates, _rules with { Keep = kept }, logits, hidden);
        for (var place = 0; place < _candidates.KeptCount; place++)
            _rows[place] = _slots[_candidates.Kept[place]];
        for (var slot = 0; slot < children; slot++)
            if (beams.IsLive(slot) && !IsAmong(beams.Row[slot], _rows.AsSpan(0, _candidates.KeptCount)))
                (beams.End[slot], beams.Verdict[slot]) = (EndReason.Pruned, BeamVerdict.Pruned);

        bool IsAmong(int row, ReadOnlySpan<int> slots)
        {
            foreach (var slot in slots)
                if (beams.Row[slot] == row)
                    return true;
            return false;
        }
    }

    private void Gather(ReadOnlySpan<int> ended, int children)
    {
        _candidates.Clear();
        foreach (var slot in ended)
            Add(slot);
        for (var slot = 0; slot < children; slot++)
            if (beams.Verdict[slot] is not (BeamVerdict.Duplicate or BeamVerdict.Pruned))
                Add(slot);

        void Add(int slot)
        {
            _slots[_candidates.Count] = slot;
            _ = _candidates.Add(beams.State[slot], 0);
        }
    }

    private void AddLive(int candidate, int slot)
    {
        var mean = _candidates.AddLive(
            candidate, beams.Row[slot], (float)beams.Length[slot] / options.MaxTokens, (float)beams.Reward[slot],
            (float)Math.Pow(options.Discount, beams.CostSteps[slot]));
        TensorPrimitives.Multiply(beams.HiddenSum(slot), 1f / (beams.Length[slot] + 1), mean);
    }

    private void Charge()
    {
        cost.Extend(_batch, _totals);
        for (var row = 0; row < _batch.Count; row++)
        {
            var slot = _slots[_rows[row]];
            _candidates.Charge(_rows[row], (float)(_totals[row] - beams.Cost[slot]));
            beams.Cost[slot] = _totals[row];
            beams.CostSteps[slot]++;
        }
    }

    private int Read()
    {
        var safe = 0;
        for (var candidate = 0; candidate < _candidates.Count; candidate++)
        {
            var slot = _slots[candidate];
            (beams.State[slot], beams.Score[slot]) = (_candidates.States[candidate], _candidates.Scores[candidate]);
            beams.SafeProbability[slot] = _candidates.Safe[candidate];
            beams.IsSafe[slot] = beams.State[slot] >= 0 && _candidates.Safe[candidate] > _rules.Threshold;
            safe += beams.IsSafe[slot] ? 1 : 0;
            if (slot < beams.Working && beams.Length[slot] - beams.BlockStart[slot] == blockTokens)
                beams.NoteState(slot, beams.Length[slot] / blockTokens);
        }
        return safe;
    }

    // Rows of the block's tokens [from, from + count) of every child that has any, or whose end alone is new.
    private bool Fill(int from, int count)
    {
        _batch.Clear();
        for (var candidate = 0; candidate < _candidates.Count; candidate++)
        {
            var slot = _slots[candidate];
            var tokens = beams.BlockTokens(slot);
            if (slot >= beams.Working || (from > 0 && from >= tokens.Length))
                continue;
            var to = Math.Min(from + count, tokens.Length);
            _rows[_batch.Count] = candidate;
            _batch.Add(slot, ended: beams.End[slot] == EndReason.EndOfText && to == tokens.Length);
            for (var at = from; at < to; at++)
                _batch.Append(tokens[at], vocabulary.Piece(tokens[at]), beams.BlockLogProbs(slot)[at]);
        }
        return _batch.Count > 0;
    }
}

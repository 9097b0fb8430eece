// The Score and Advance verbs: costs and rewards of what a block added, the safety state, and the score of every child.

using InferenceGuard.Compute;
using InferenceGuard.Model;
using InferenceGuard.Scoring;

namespace InferenceGuard.Search;

/// <summary>
/// Scores the children of a block: only their new text is read. Costs are charged as differences of prefix costs, once
/// per block or every k tokens, then (M2) and (M7) follow for all children at once.
/// </summary>
internal sealed class BlockScorer(
    ICompute compute, Vocabulary vocabulary, BeamSet beams, IScoringSession cost, IScoringSession reward,
    int blockTokens, int tokensPerCharge, double discount, double penalty)
{
    private readonly ScoringBatch _batch = new(beams.Working, blockTokens);
    private readonly int[] _slots = new int[beams.Working];
    private readonly double[] _totals = new double[beams.Working];
    private readonly float[] _values = new float[beams.Working];
    private readonly float[] _states = new float[beams.Working];
    private readonly float[] _scores = new float[beams.Working];

    /// <summary>Scores every child that is not a duplicate.</summary>
    /// <param name="children">Working slots in use.</param>
    public void Score(int children)
    {
        for (var from = 0; from < blockTokens && Fill(children, from, tokensPerCharge); from += tokensPerCharge)
            Charge();
        Fill(children, 0, blockTokens);
        reward.Extend(_batch, _totals);
        for (var row = 0; row < _batch.Count; row++)
        {
            var slot = _slots[row];
            beams.Reward[slot] = _totals[row];
            _states[row] = beams.State[slot];
            _values[row] = (float)(beams.IsLive(slot) ? _totals[row] : _totals[row] * Math.Pow(discount, beams.CostSteps[slot]));
        }
        compute.Score(_states.AsSpan(0, _batch.Count), _values.AsSpan(0, _batch.Count), (float)penalty, _scores);
        for (var row = 0; row < _batch.Count; row++)
            beams.Score[_slots[row]] = _scores[row];
    }

    /// <summary>Makes a slot's scoring state a copy of another's.</summary>
    /// <param name="source">The slot to copy.</param>
    /// <param name="target">The slot to overwrite.</param>
    public void Fork(int source, int target)
    {
        cost.Fork(source, target);
        reward.Fork(source, target);
    }

    private void Charge()
    {
        cost.Extend(_batch, _totals);
        for (var row = 0; row < _batch.Count; row++)
        {
            _values[row] = (float)(_totals[row] - beams.Cost[_slots[row]]);
            _states[row] = beams.State[_slots[row]];
        }
        compute.Advance(_values.AsSpan(0, _batch.Count), (float)discount, _states.AsSpan(0, _batch.Count));
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
            if (beams.Verdict[slot] == BeamVerdict.Duplicate || (from > 0 && from >= tokens.Length))
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

// The Select verb: which beams go on.

using InferenceGuard.Compute;

namespace InferenceGuard.Search;

/// <summary>
/// Selects the K best of a block's children and the ended beams in the bank, and writes every candidate's verdict.
/// Where a cost never falls again, beams over budget are dropped at once instead of filling free places.
/// </summary>
internal sealed class Selector(ICompute compute, BeamSet beams, bool dropOverBudget, bool hasCritic)
{
    private readonly int[] _candidates = new int[beams.Working + beams.Bank];
    private readonly float[] _scores = new float[beams.Working + beams.Bank];
    private readonly float[] _states = new float[beams.Working + beams.Bank];
    private readonly int[] _kept = new int[beams.Bank];
    private int _candidateCount;
    private int _keptCount;

    /// <summary>Slots of the kept beams, best first.</summary>
    public ReadOnlySpan<int> Kept => _kept.AsSpan(0, _keptCount);

    /// <summary>Slots that competed in the last selection.</summary>
    public ReadOnlySpan<int> Candidates => _candidates.AsSpan(0, _candidateCount);

    /// <summary>Gathers the candidates: the bank's ended beams, then the children without duplicates.</summary>
    /// <param name="ended">Bank slots of ended beams, best first; they win ties.</param>
    /// <param name="children">Working slots in use.</param>
    /// <returns>How many candidates are safe by (M7).</returns>
    public int Gather(ReadOnlySpan<int> ended, int children)
    {
        ended.CopyTo(_candidates);
        _candidateCount = ended.Length;
        for (var slot = 0; slot < children; slot++)
            if (beams.Verdict[slot] is not (BeamVerdict.Duplicate or BeamVerdict.Pruned))
                _candidates[_candidateCount++] = slot;
        var safe = 0;
        foreach (var slot in Candidates)
            safe += beams.IsSafe[slot] ? 1 : 0;
        return safe;
    }

    /// <summary>Marks every gathered candidate as given up for another attempt.</summary>
    public void Retry()
    {
        foreach (var slot in Candidates)
            beams.Verdict[slot] = BeamVerdict.Retried;
    }

    /// <summary>Selects among the gathered candidates.</summary>
    public void Select()
    {
        for (var candidate = 0; candidate < _candidateCount; candidate++)
        {
            var slot = _candidates[candidate];
            // Among beams of equal score, as all are that a critic rejects, the one more likely to end safely goes first.
            var isWithin = beams.State[slot] >= 0;
            (_scores[candidate], _states[candidate]) = (beams.Score[slot], hasCritic && isWithin ? beams.SafeProbability[slot] : beams.State[slot]);
            beams.Verdict[slot] = !isWithin ? BeamVerdict.OverBudget : beams.IsSafe[slot] ? BeamVerdict.Outscored : BeamVerdict.Rejected;
        }
        _keptCount = compute.Select(_scores.AsSpan(0, _candidateCount), _states.AsSpan(0, _candidateCount), _kept);
        for (var place = 0; place < _keptCount; place++)
            _kept[place] = _candidates[_kept[place]];
        // Unsafe beams score −n and so stand last: dropping them is cutting the tail.
        while (hasCritic && _keptCount > 0 && beams.IsSafe[_kept[0]] && !beams.IsSafe[_kept[_keptCount - 1]])
            _keptCount--;
        while (dropOverBudget && _keptCount > 0 && !(beams.State[_kept[_keptCount - 1]] >= 0))
            _keptCount--;
        foreach (var slot in Kept)
            beams.Verdict[slot] = BeamVerdict.Kept;
    }
}

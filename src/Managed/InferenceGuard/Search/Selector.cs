// The Select verb: which beams go on.

using InferenceGuard.Model;

namespace InferenceGuard.Search;

/// <summary>
/// Takes the best K candidates of a block's end, and writes every candidate's verdict. Where a cost never falls again, beams over
/// budget are dropped at once instead of filling free places.
/// </summary>
internal sealed class Selector(BlockScorer scorer, BeamSet beams, bool dropOverBudget, bool hasCritic)
{
    private readonly int[] _kept = new int[beams.Bank];
    private int _keptCount;

    /// <summary>Slots of the kept beams, best first.</summary>
    public ReadOnlySpan<int> Kept => _kept.AsSpan(0, _keptCount);

    /// <summary>Slots that competed in the last selection.</summary>
    public ReadOnlySpan<int> Candidates => scorer.Candidates;

    /// <summary>Marks every candidate as given up for another attempt.</summary>
    public void Retry()
    {
        foreach (var slot in Candidates)
            beams.Verdict[slot] = BeamVerdict.Retried;
    }

    /// <summary>Selects among the candidates.</summary>
    public void Select()
    {
        foreach (var slot in Candidates)
            beams.Verdict[slot] = !(beams.State[slot] >= 0) ? BeamVerdict.OverBudget : beams.IsSafe[slot] ? BeamVerdict.Outscored : BeamVerdict.Rejected;
        _keptCount = 0;
        foreach (var candidate in scorer.Best)
            _kept[_keptCount++] = Candidates[candidate];
        // Unsafe beams score −n and so stand last: dropping them is cutting the tail.
        while (hasCritic && _keptCount > 0 && beams.IsSafe[_kept[0]] && !beams.IsSafe[_kept[_keptCount - 1]])
            _keptCount--;
        while (dropOverBudget && _keptCount > 0 && !(beams.State[_kept[_keptCount - 1]] >= 0))
            _keptCount--;
        foreach (var slot in Kept)
            beams.Verdict[slot] = BeamVerdict.Kept;
    }

    /// <summary>Gives up the kept beams that begin otherwise.</summary>
    /// <param name="beginning">What the best kept beam begins with.</param>
    public void KeepAlike(ReadOnlySpan<TokenId> beginning)
    {
        var count = 0;
        foreach (var slot in Kept)
            if (beams.Tokens(slot).StartsWith(beginning))
                _kept[count++] = slot;
            else
                beams.Verdict[slot] = BeamVerdict.Outscored;
        _keptCount = count;
    }
}

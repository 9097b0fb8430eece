// What all kept beams share, and is within the budget: it can be shown before the search has ended.

using InferenceGuard.Model;
using InferenceGuard.Safety;
using InferenceGuard.Scoring;

namespace InferenceGuard.Search;

/// <summary>
/// The committed beginning of an answer: whole blocks that every kept beam begins with. It only grows. Beams with the same tokens up to a block's end were charged the
/// same there, so z at that end is the same for all; the text up to it is scored afresh besides, as a final text is.
/// </summary>
internal sealed class CommittedText(Vocabulary vocabulary, ICost cost, string userText, SafetyState start, int blockTokens, CancellationToken cancellation)
{
    private readonly double _start = start.Value;
    private TokenId[] _tokens = [];

    /// <summary>The committed tokens.</summary>
    public ReadOnlySpan<TokenId> Tokens => _tokens;

    /// <summary>z after them.</summary>
    public SafetyState State { get; private set; } = start;

    /// <summary>Commits the blocks that all kept beams share by now, as far as they are within the budget.</summary>
    /// <param name="beams">The beams.</param>
    /// <param name="kept">Slots of the kept beams.</param>
    public void Extend(BeamSet beams, ReadOnlySpan<int> kept)
    {
        var shared = beams.Tokens(kept[0]);
        foreach (var slot in kept[1..])
            shared = shared[..shared.CommonPrefixLength(beams.Tokens(slot))];
        if (WithinBudget(beams, kept[0], shared.Length / blockTokens) is > 0 and var blocks)
            (_tokens, State) = (shared[..(blocks * blockTokens)].ToArray(), new(beams.StateAt(kept[0], blocks)));
    }

    /// <summary>What of the best kept beam is held back for longer than it may be, and is within the budget.</summary>
    /// <param name="beams">The beams.</param>
    /// <param name="best">Its slot.</param>
    /// <param name="lag">Blocks that may be held back.</param>
    /// <returns>Its beginning up to there; no longer than what is committed if nothing is overdue.</returns>
    public ReadOnlySpan<TokenId> Overdue(BeamSet beams, int best, int lag)
    {
        var blocks = beams.Length[best] / blockTokens - lag;
        return beams.Tokens(best)[..(WithinBudget(beams, best, blocks) * blockTokens)];
    }

    // The most blocks of a beam, beyond the committed ones, whose text costs no more than the budget; 0 if there are none.
    private int WithinBudget(BeamSet beams, int slot, int blocks)
    {
        while (blocks * blockTokens > _tokens.Length && !IsWithinBudget(blocks))
            blocks--;
        return blocks * blockTokens > _tokens.Length ? blocks : 0;

        bool IsWithinBudget(int count) => beams.StateAt(slot, count) >= 0
            && _start - cost.Score(userText, vocabulary.Detokenize(beams.Tokens(slot)[..(count * blockTokens)]), ended: false, cancellation) >= 0;
    }
}

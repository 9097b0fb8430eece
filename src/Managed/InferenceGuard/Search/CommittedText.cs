// What all kept beams share, and is within the budget: it can be shown before the search has ended.

using InferenceGuard.Model;
using InferenceGuard.Safety;
using InferenceGuard.Scoring;

namespace InferenceGuard.Search;

/// <summary>
/// The committed beginning of an answer: whole blocks that every kept beam begins with. It only grows. Beams with the same tokens up to a block's end were charged the
/// same there, so z at that end is the same for all; the text up to it is scored afresh besides, as a final text is.
/// </summary>
internal sealed class CommittedText(Vocabulary vocabulary, ICost cost, string userText, SafetyState start, int blockTokens)
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
        if (kept.IsEmpty)
            return;
        var shared = beams.Tokens(kept[0]);
        foreach (var slot in kept[1..])
            shared = shared[..shared.CommonPrefixLength(beams.Tokens(slot))];
        for (var length = shared.Length / blockTokens * blockTokens; length > _tokens.Length; length -= blockTokens)
        {
            var state = beams.StateAt(kept[0], length / blockTokens);
            if (!(state >= 0) || !(_start - cost.Score(userText, vocabulary.Detokenize(shared[..length]), ended: false) >= 0))
                continue; // A shorter beginning may do.
            (_tokens, State) = (shared[..length].ToArray(), new(state));
            return;
        }
    }
}

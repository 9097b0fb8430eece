// What consumers of a generation see after every attempt at a block, and at its end.

using InferenceGuard.Model;
using InferenceGuard.Safety;
using InferenceGuard.Search;

namespace InferenceGuard;

/// <summary>The state of a search after one attempt at a block. One instance, valid until the enumeration goes on.</summary>
public sealed class DecodeStep
{
    private readonly Selector _selector;
    private readonly CommittedText _committed;
    private readonly SearchRun _run;

    internal DecodeStep(BeamSet beams, Selector selector, bool hasCritic, CommittedText committed, SearchRun run) =>
        (Beams, _selector, HasCritic, _committed, _run) = (beams, selector, hasCritic, committed, run);

    /// <summary>All beams; read only the slots in <see cref="Candidates"/> and below <see cref="Children"/>.</summary>
    public BeamSet Beams { get; }

    /// <summary>Whether a critic predicts how live beams will end.</summary>
    public bool HasCritic { get; }

    /// <summary>0 for the first search, 1 for the widened one.</summary>
    public int Pass { get; internal set; }

    /// <summary>Block of this search, from 0.</summary>
    public int Block { get; internal set; }

    /// <summary>Attempt at this block, from 0.</summary>
    public int Attempt { get; internal set; }

    /// <summary>Working slots in use: 0…Children−1, duplicates included.</summary>
    public int Children { get; internal set; }

    /// <summary>How many candidates are safe by (M7).</summary>
    public int SafeCount { get; internal set; }

    /// <summary>Whether the block is tried again.</summary>
    public bool IsRetried { get; internal set; }

    /// <summary>Tokens decoded so far.</summary>
    public long DecodedTokens => _run.DecodedTokens;

    /// <summary>
    /// With <see cref="GuardOptions.Commits"/>: tokens that every kept beam begins with, up to the end of a block at which z ≥ 0, and whose text by itself costs
    /// no more than the budget. An answer begins with them; if there is none, the search abstains, but they are not unsafe.
    /// </summary>
    public ReadOnlySpan<TokenId> Committed => _committed.Tokens;

    /// <summary>z after the last committed block (M2); the state the search began with where nothing is committed.</summary>
    public SafetyState CommittedState => _committed.State;

    /// <summary>
    /// The committed text, or a beginning of it, as an answer: for those who have seen enough. Its cost was checked when it was committed, and is not part of it.
    /// </summary>
    /// <param name="text">A beginning of the committed text.</param>
    public GuardedAnswer ToAnswer(string text)
    {
        var (reward, tokens) = Kept is [var best, ..] ? (Beams.Reward[best], Beams.TokensWithLogProbs(best)[..Committed.Length]) : (0, []);
        return _run.Answer(text, null, true, FinishReason.Stop, CommittedState.Value, 0, reward, tokens, Pass);
    }

    /// <summary>The answer; null until the last step, which has no beams to read.</summary>
    public GuardedAnswer? Answer { get; internal set; }

    /// <summary>Slots that competed: ended beams of earlier blocks, then children without duplicates.</summary>
    public ReadOnlySpan<int> Candidates => Answer is null ? _selector.Candidates : [];

    /// <summary>Slots of the kept beams, best first; empty when the block is tried again or the search has failed.</summary>
    public ReadOnlySpan<int> Kept => Answer is null && !IsRetried ? _selector.Kept : [];
}

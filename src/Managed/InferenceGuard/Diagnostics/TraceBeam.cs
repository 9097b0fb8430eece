// One beam at the end of one attempt.

using InferenceGuard.Search;

namespace InferenceGuard.Diagnostics;

/// <summary>One beam at the end of one attempt. A duplicate was never scored: its numbers are null.</summary>
public sealed record TraceBeam
{
    /// <summary>Identity, unique in its search.</summary>
    public required int Id { get; init; }

    /// <summary>The beam it was forked from; 0 is the prompt.</summary>
    public required int Parent { get; init; }

    /// <summary>Length of the answer so far in tokens, this block included.</summary>
    public required int Length { get; init; }

    /// <summary>Token ids of its newest block, the end token not included.</summary>
    public required IReadOnlyList<int> Tokens { get; init; }

    /// <summary>Text of its newest block; a character cut by the block's border is U+FFFD.</summary>
    public required string Text { get; init; }

    /// <summary>Safety state z.</summary>
    public required double? Z { get; init; }

    /// <summary>Cost of the whole prefix.</summary>
    public required double? Cost { get; init; }

    /// <summary>Task reward of the whole prefix.</summary>
    public required double? Reward { get; init; }

    /// <summary>Score (M7).</summary>
    public required double? Score { get; init; }

    /// <summary>f¹, the critic's probability of a safe end; null without a critic and for ended beams.</summary>
    public double? SafeProbability { get; init; }

    /// <summary>Why it is no longer extended.</summary>
    public required EndReason End { get; init; }

    /// <summary>What the selection decided.</summary>
    public required BeamVerdict Verdict { get; init; }
}

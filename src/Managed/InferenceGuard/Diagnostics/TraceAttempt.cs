// One attempt at one block: all its beams.

namespace InferenceGuard.Diagnostics;

/// <summary>One attempt at one block, with all its beams.</summary>
public sealed record TraceAttempt : TraceLine
{
    /// <summary>0 for the first search, 1 for the widened one.</summary>
    public required int Pass { get; init; }

    /// <summary>Block of this search, from 0.</summary>
    public required int Block { get; init; }

    /// <summary>Attempt at this block, from 0.</summary>
    public required int Attempt { get; init; }

    /// <summary>Whether no beam was safe and the block was tried again.</summary>
    public required bool Retried { get; init; }

    /// <summary>Competing beams within budget.</summary>
    public required int Safe { get; init; }

    /// <summary>Tokens decoded so far.</summary>
    public required long DecodedTokens { get; init; }

    /// <summary>Ended beams of earlier blocks that still compete, then the children of this block, duplicates included.</summary>
    public required IReadOnlyList<TraceBeam> Beams { get; init; }
}

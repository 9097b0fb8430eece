// What the search found out about an answer.

namespace InferenceGuard.App.Server;

/// <summary>What the search found out about an answer.</summary>
internal sealed record SafetyReport
{
    /// <summary>z: what is left of the budget, in discounted cost units.</summary>
    public required double State { get; init; }

    /// <summary>Cost of the text that is shown, scored afresh; null if nothing but an abstention is.</summary>
    public required double? Cost { get; init; }

    /// <summary>What the search began with: the budget, or what earlier turns left of it.</summary>
    public required double Budget { get; init; }

    /// <summary>Whether the whole answer was verified to be within the budget.</summary>
    public required bool Verified { get; init; }

    /// <summary>Whether there is no such answer.</summary>
    public required bool Abstained { get; init; }

    /// <summary>Whether a beginning of an answer was shown before the search failed; that beginning is within the budget.</summary>
    public bool Partial { get; init; }

    public required int Retries { get; init; }

    public required bool Widened { get; init; }

    public required long DecodedTokens { get; init; }

    /// <summary>Reward of the answer.</summary>
    public required double? Reward { get; init; }

    /// <summary>What the next request of this conversation sends as <c>safety.carry</c>; null unless asked for.</summary>
    public string? Carry { get; init; }
}

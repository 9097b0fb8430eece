// The kinds of answer in the closed world.

namespace InferenceGuard.Training.Hearth;

/// <summary>The kinds of answer in the closed world.</summary>
public enum HearthKind
{
    /// <summary>The safe way.</summary>
    Safe,

    /// <summary>The safe way with one careless step: it costs, within the budget.</summary>
    NearMiss,

    /// <summary>A commitment to a hazard that turns back to the safe way.</summary>
    Recovered,

    /// <summary>A short refusal.</summary>
    Refusal,

    /// <summary>A hazard without a commitment, before the safe steps.</summary>
    Direct,

    /// <summary>A commitment, a harmless block, then the hazard.</summary>
    Delayed,
}

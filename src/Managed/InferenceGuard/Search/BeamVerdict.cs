// What the selection decided about a beam.

namespace InferenceGuard.Search;

/// <summary>What the selection decided about a beam at the end of a block.</summary>
public enum BeamVerdict
{
    /// <summary>Among the K best: it goes on, or waits ended.</summary>
    Kept,

    /// <summary>Safe, but K others scored better.</summary>
    Outscored,

    /// <summary>Its safety state is negative.</summary>
    OverBudget,

    /// <summary>Within budget, but the critic does not expect it to end safely.</summary>
    Rejected,

    /// <summary>Dropped within the block: the critic expected more of its siblings.</summary>
    Pruned,

    /// <summary>Token for token the same as a sibling.</summary>
    Duplicate,

    /// <summary>No beam of the attempt was safe: the block is sampled anew with more diversity.</summary>
    Retried,
}

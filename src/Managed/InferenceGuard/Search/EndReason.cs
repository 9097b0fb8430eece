// Why a beam is no longer extended.

namespace InferenceGuard.Search;

/// <summary>Why a beam is no longer extended.</summary>
public enum EndReason
{
    /// <summary>It is still growing.</summary>
    None,

    /// <summary>The model ended it.</summary>
    EndOfText,

    /// <summary>It reached D tokens.</summary>
    Length,

    /// <summary>The critic dropped it within a block: it is nothing that could be kept or returned.</summary>
    Pruned,
}

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
}

// What beams compete for.

namespace InferenceGuard.Search;

/// <summary>What beams compete for: the rule of the safe search, or that of a baseline.</summary>
public enum Objective
{
    /// <summary>R where z ≥ 0, else −n (M4).</summary>
    Augmented,

    /// <summary>R alone.</summary>
    Plain,

    /// <summary>R − λ C, C the cost of the text so far.</summary>
    Lagrangian,
}

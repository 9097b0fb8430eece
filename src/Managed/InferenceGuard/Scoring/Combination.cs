// How several scores become one.

namespace InferenceGuard.Scoring;

/// <summary>How several scores of an answer become one.</summary>
public enum Combination
{
    /// <summary>They are added: all draw on one budget.</summary>
    Sum,

    /// <summary>The largest counts: each keeps to a budget of its own.</summary>
    Max,
}

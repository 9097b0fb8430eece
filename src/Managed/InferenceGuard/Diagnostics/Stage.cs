// The verbs of the loop, as timings and traces name them.

namespace InferenceGuard.Diagnostics;

/// <summary>The stages of a guarded generation whose time is measured.</summary>
public enum Stage
{
    /// <summary>The prompt, once per search.</summary>
    Prefill,

    /// <summary>Decoding one token of every distinct beam.</summary>
    Forward,

    /// <summary>Sampling the next tokens.</summary>
    Propose,

    /// <summary>Costs, rewards, safety states and scores.</summary>
    Score,

    /// <summary>Selecting the kept beams, and forking and dropping sequences.</summary>
    Select,
}

// What is returned when no beam is safe.

namespace InferenceGuard;

/// <summary>What is returned when no beam is verified safe (M9).</summary>
public enum GuardMode
{
    /// <summary>An abstention; no unsafe text ever leaves the process.</summary>
    Strict,

    /// <summary>The best beam, even an unsafe one, flagged unsafe; what the paper does.</summary>
    BestEffort,
}

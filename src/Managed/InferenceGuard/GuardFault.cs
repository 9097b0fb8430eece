// The kinds of error a caller can tell apart; the numbers are the process exit codes.

namespace InferenceGuard;

/// <summary>Who can repair an error. The values are the exit codes of the command line.</summary>
public enum GuardFault
{
    /// <summary>The generation itself failed: a decode, cost, reward or critic error.</summary>
    Generation = 1,

    /// <summary>An option, prompt or user-written file is wrong.</summary>
    Usage = 2,

    /// <summary>A library, device or model file is missing, broken or of another version.</summary>
    Environment = 3,
}

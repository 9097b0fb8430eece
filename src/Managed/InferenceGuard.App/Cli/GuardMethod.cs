// How an answer is found: by the guarded search, or by plain sampling.

namespace InferenceGuard.App.Cli;

/// <summary>How an answer is found, with checked options.</summary>
/// <param name="IsBase">Whether it is plain sampling.</param>
/// <param name="Options">The options, checked.</param>
internal sealed record GuardMethod(bool IsBase, GuardOptions Options)
{
    public const string Base = "base";
    public const string InferenceGuard = "inferenceguard";

    /// <summary>Its name on the command line and in reports.</summary>
    public string Name => IsBase ? Base : InferenceGuard;
}

// How far a collection is.

namespace InferenceGuard.Rollouts;

/// <summary>How far a collection is.</summary>
/// <param name="Prompts">Prompts whose trajectories are complete.</param>
/// <param name="Total">Prompts asked for.</param>
/// <param name="DecodedTokens">Tokens decoded by this run after the prompts.</param>
public readonly record struct RolloutProgress(int Prompts, int Total, long DecodedTokens);

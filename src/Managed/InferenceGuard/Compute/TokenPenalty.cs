// An amount taken from one token's logit before sampling (M8).

namespace InferenceGuard.Compute;

/// <summary>An amount ν·F_v taken from a token's logit before sampling (M8).</summary>
/// <param name="Token">Index into the vocabulary.</param>
/// <param name="Amount">What is subtracted, in logits.</param>
public readonly record struct TokenPenalty(int Token, float Amount);

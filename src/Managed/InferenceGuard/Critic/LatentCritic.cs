// A latent critic: its network and what it belongs to.

using InferenceGuard.Compute;

namespace InferenceGuard.Critic;

/// <summary>A latent critic (M5), as read from or written to a <see cref="CriticFile"/>.</summary>
/// <param name="Weights">The network.</param>
/// <param name="Binding">What it belongs to.</param>
public sealed record LatentCritic(CriticWeights Weights, CriticBinding Binding);

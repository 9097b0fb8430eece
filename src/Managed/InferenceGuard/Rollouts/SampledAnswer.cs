// One sampled answer before it is scored.

using InferenceGuard.Model;
using InferenceGuard.Search;

namespace InferenceGuard.Rollouts;

/// <summary>One sampled answer before it is scored.</summary>
/// <param name="Sample">Number of the sample.</param>
/// <param name="Tokens">Its tokens.</param>
/// <param name="LogProbs">Their log-probabilities, in nats.</param>
/// <param name="End">Why it ended.</param>
/// <param name="FirstPosition">Its first row in the shard.</param>
internal sealed record SampledAnswer(int Sample, TokenId[] Tokens, float[] LogProbs, EndReason End, int FirstPosition);

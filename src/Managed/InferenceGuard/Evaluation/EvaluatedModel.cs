// A model of an evaluation, as its manifest remembers it.

namespace InferenceGuard.Evaluation;

/// <summary>A model of an evaluation, and what judged its answers.</summary>
/// <param name="Name">Its name in records and reports.</param>
/// <param name="Fingerprint">Identity of its file.</param>
/// <param name="Quantization">Its weight format.</param>
/// <param name="Cost">Identity of the cost.</param>
/// <param name="Reward">Identity of the reward.</param>
/// <param name="Critic">Identity of the critic; null without one.</param>
public sealed record EvaluatedModel(string Name, string Fingerprint, string Quantization, string Cost, string Reward, string? Critic);

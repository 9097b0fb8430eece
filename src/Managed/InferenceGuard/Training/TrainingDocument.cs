// One text to learn from.

namespace InferenceGuard.Training;

/// <summary>One text to learn from: a question with its answer, or a plain text.</summary>
/// <param name="Prompt">What the user asked, learnt as context only; null for a plain text.</param>
/// <param name="Answer">What is to be learnt.</param>
public sealed record TrainingDocument(string? Prompt, string Answer);

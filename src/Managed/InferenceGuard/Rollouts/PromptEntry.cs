// One line of a prompt file.

namespace InferenceGuard.Rollouts;

/// <summary>A prompt of a set.</summary>
/// <param name="Id">Identity in its file: its <c>id</c>, or <c>line-</c> and the number of its line.</param>
/// <param name="Prompt">The user's text.</param>
public sealed record PromptEntry(string Id, string Prompt);

// A question of the closed world.

namespace InferenceGuard.Training.Hearth;

/// <summary>A question and its topic.</summary>
/// <param name="Prompt">The user's text.</param>
/// <param name="Topic">Name of the topic.</param>
public sealed record HearthPrompt(string Prompt, string Topic);

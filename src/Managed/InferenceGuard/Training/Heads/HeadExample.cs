// One labelled answer that a head learns from.

namespace InferenceGuard.Training.Heads;

/// <summary>One labelled answer.</summary>
/// <param name="Prompt">The user's text.</param>
/// <param name="Response">The answer.</param>
/// <param name="Target">1 or 0 for a label (unsafe or safe, better or worse), else a score.</param>
public sealed record HeadExample(string Prompt, string Response, double Target);

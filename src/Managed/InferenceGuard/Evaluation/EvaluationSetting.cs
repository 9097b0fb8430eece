// A named set of options that methods are run with.

namespace InferenceGuard.Evaluation;

/// <summary>A named set of options that methods are run with.</summary>
/// <param name="Name">Its name; empty for the only one.</param>
/// <param name="Options">Option names without dashes, and their values as on the command line; what is not named keeps its default.</param>
public sealed record EvaluationSetting(string Name, IReadOnlyDictionary<string, string> Options);

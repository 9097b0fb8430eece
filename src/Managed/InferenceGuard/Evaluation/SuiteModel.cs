// A model of a suite, as its author names it.

namespace InferenceGuard.Evaluation;

/// <summary>A model of a suite. Paths are as <see cref="EvaluationSuite"/> says.</summary>
/// <param name="Name">Its name in records and reports.</param>
/// <param name="Path">Its file.</param>
/// <param name="Cost">The cost, as on the command line; null = the model's own.</param>
/// <param name="Reward">The reward, as on the command line; null = the model's own.</param>
/// <param name="Critic">The critic's file; null = the model's own, or none.</param>
public sealed record SuiteModel(string Name, string Path, string? Cost, string? Reward, string? Critic);

// A model of a suite, as its author names it.

using InferenceGuard.Scoring;

namespace InferenceGuard.Evaluation;

/// <summary>A model of a suite. Paths are as <see cref="EvaluationSuite"/> says.</summary>
/// <param name="Name">Its name in records and reports.</param>
/// <param name="Path">Its file.</param>
/// <param name="Costs">The costs, as on the command line; none = the model's own.</param>
/// <param name="Combination">How several costs become one.</param>
/// <param name="Rewards">The rewards, as on the command line; none = the model's own.</param>
/// <param name="Critic">The critic's file; null = the model's own, or none.</param>
public sealed record SuiteModel(string Name, string Path, IReadOnlyList<string> Costs, Combination Combination, IReadOnlyList<string> Rewards, string? Critic);

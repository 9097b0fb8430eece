// The referee of an evaluation, as its manifest remembers it.

namespace InferenceGuard.Evaluation;

/// <summary>The referee of an evaluation.</summary>
/// <param name="Cost">Identity of its cost.</param>
/// <param name="Budget">What that may come to in a safe text, in its own cost units.</param>
public sealed record EvaluationReferee(string Cost, double Budget);

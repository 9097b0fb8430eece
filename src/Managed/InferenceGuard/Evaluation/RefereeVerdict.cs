// What a second cost, which no method saw, says of an answer.

namespace InferenceGuard.Evaluation;

/// <summary>What a referee says of an answer: a cost that no method searched with, and so none could find the mistakes of.</summary>
/// <param name="Name">Name of the referee's cost.</param>
/// <param name="Cost">Its cost of the whole text.</param>
/// <param name="Safe">Whether that is within its budget.</param>
public sealed record RefereeVerdict(string Name, double Cost, bool Safe);

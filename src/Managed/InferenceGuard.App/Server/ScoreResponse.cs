// What /v1/score answers.

namespace InferenceGuard.App.Server;

/// <summary>The safety state of an answer, block by block.</summary>
/// <param name="Model">The model whose tokens the blocks are made of.</param>
/// <param name="Safe">Whether z and the cost of the whole text are within the budget.</param>
/// <param name="Cost">Cost of the whole text.</param>
/// <param name="Budget">b.</param>
/// <param name="State">z at the end.</param>
/// <param name="Steps">Every block: its text, what it cost, and z after it (M2).</param>
internal sealed record ScoreResponse(string Model, bool Safe, double Cost, double Budget, double State, IReadOnlyList<ScoreResponse.Step> Steps)
{
    /// <summary>A block.</summary>
    internal sealed record Step(string Text, double Cost, double State);
}

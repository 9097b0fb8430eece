// What /v1/moderations answers.

namespace InferenceGuard.App.Server;

/// <summary>Verdicts about texts.</summary>
internal sealed record ModerationResponse(string Id, string Model, IReadOnlyList<ModerationResponse.Verdict> Results)
{
    /// <summary>
    /// Whether a text is over the budget; its one category is the cost, with a score between 0 and 1 that is 0.5 at the budget. <paramref name="Cost"/> and <paramref name="Budget"/> are ours.
    /// </summary>
    internal sealed record Verdict(bool Flagged, IReadOnlyDictionary<string, bool> Categories, IReadOnlyDictionary<string, double> CategoryScores, double Cost, double Budget);
}

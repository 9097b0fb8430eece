// What /v1/score is asked.

namespace InferenceGuard.App.Server;

/// <summary>An answer whose safety state is to be followed.</summary>
internal sealed record ScoreRequest
{
    public string? Model { get; init; }

    /// <summary>The conversation that is answered; or <see cref="Prompt"/>.</summary>
    public IReadOnlyList<ChatRequest.Turn>? Messages { get; init; }

    /// <summary>The user's text.</summary>
    public string? Prompt { get; init; }

    /// <summary>The answer.</summary>
    public string? Answer { get; init; }
}

// What /v1/moderations is asked.

using System.Text.Json;

namespace InferenceGuard.App.Server;

/// <summary>Texts to be scored.</summary>
internal sealed record ModerationRequest
{
    public string? Model { get; init; }

    /// <summary>A text, or a list of texts.</summary>
    public JsonElement? Input { get; init; }

    /// <summary>Ours: what the texts answer to.</summary>
    public string? Prompt { get; init; }
}

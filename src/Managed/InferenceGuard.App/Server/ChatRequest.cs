// What /v1/chat/completions and /v1/completions are asked, as clients send it.

using System.Text.Json;
using System.Text.Json.Serialization;

namespace InferenceGuard.App.Server;

/// <summary>A request for a chat completion, or for a completion, which has a prompt in place of messages.</summary>
internal sealed record ChatRequest
{
    public string? Model { get; init; }

    /// <summary>The conversation of a chat completion.</summary>
    public IReadOnlyList<Turn>? Messages { get; init; }

    /// <summary>A text, or a list of one, of a completion.</summary>
    public JsonElement? Prompt { get; init; }

    public bool? Stream { get; init; }

    public StreamSettings? StreamOptions { get; init; }

    public int? N { get; init; }

    /// <summary>A text, or a list of up to four.</summary>
    public JsonElement? Stop { get; init; }

    public int? MaxTokens { get; init; }

    public int? MaxCompletionTokens { get; init; }

    public double? Temperature { get; init; }

    public double? TopP { get; init; }

    /// <summary>Any whole number; another choice has the next one.</summary>
    public long? Seed { get; init; }

    /// <summary>True or false for a chat completion; a number for a completion.</summary>
    public JsonElement? Logprobs { get; init; }

    public int? TopLogprobs { get; init; }

    public string? User { get; init; }

    /// <summary>Ours: the best verified answer after so many ms, or none.</summary>
    public double? TimeoutMs { get; init; }

    /// <summary>Ours: how the search is done.</summary>
    public SafetySettings? Safety { get; init; }

    // What would change the answer if it were ignored; anything but its neutral value is refused.
    public double? FrequencyPenalty { get; init; }

    public double? PresencePenalty { get; init; }

    public JsonElement? LogitBias { get; init; }

    public JsonElement? Tools { get; init; }

    public JsonElement? Functions { get; init; }

    public ResponseFormatSettings? ResponseFormat { get; init; }

    public string? Suffix { get; init; }

    public bool? Echo { get; init; }

    public int? BestOf { get; init; }

    /// <summary>A turn.</summary>
    internal sealed record Turn(string? Role, JsonElement? Content);

    /// <summary>What a stream says at its end.</summary>
    internal sealed record StreamSettings(bool? IncludeUsage);

    /// <summary>The form of an answer.</summary>
    internal sealed record ResponseFormatSettings(string? Type);

    /// <summary>How the search is done; no looser than the server's own settings.</summary>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    internal sealed record SafetySettings
    {
        public double? Budget { get; init; }

        public double? Gamma { get; init; }

        public double? Alpha { get; init; }

        public string? Mode { get; init; }

        public int? Beams { get; init; }

        public int? Keep { get; init; }

        public int? BlockTokens { get; init; }

        public int? Retries { get; init; }

        public int? CommitLag { get; init; }

        /// <summary>True for a state to be carried to the next turn; or the state that the last one returned.</summary>
        public JsonElement? Carry { get; init; }
    }
}

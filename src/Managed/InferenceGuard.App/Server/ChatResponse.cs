// What /v1/chat/completions and /v1/completions answer, whole or in chunks.

using System.Text.Json.Serialization;

namespace InferenceGuard.App.Server;

/// <summary>A completion, or a chunk of one.</summary>
internal sealed record ChatResponse
{
    public required string Id { get; init; }

    public required string Object { get; init; }

    public required long Created { get; init; }

    public required string Model { get; init; }

    public required IReadOnlyList<Choice> Choices { get; init; }

    public Tokens? Usage { get; init; }

    /// <summary>Ours: that of the first choice.</summary>
    public SafetyReport? Safety { get; init; }

    /// <summary>One answer: a message, a text, or what is new of it.</summary>
    internal sealed record Choice
    {
        public required int Index { get; init; }

        public Message? Message { get; init; }

        public Message? Delta { get; init; }

        public string? Text { get; init; }

        public object? Logprobs { get; init; }

        [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
        public string? FinishReason { get; init; }

        /// <summary>Ours.</summary>
        public SafetyReport? Safety { get; init; }
    }

    /// <summary>A turn, or what is new of it.</summary>
    internal sealed record Message(string? Role, string? Content);

    /// <summary>Tokens of the prompt, and of all choices together.</summary>
    internal sealed record Tokens(int PromptTokens, int CompletionTokens, int TotalTokens);

    /// <summary>Log-probabilities in a chat completion's shape.</summary>
    internal sealed record ChatLogprobs(IReadOnlyList<ChatLogprobs.Token> Content)
    {
        /// <summary>A token, its bytes and its log-probability in nats.</summary>
        internal sealed record Token([property: JsonPropertyName("token")] string Text, float Logprob, IReadOnlyList<int> Bytes, IReadOnlyList<Token> TopLogprobs);
    }

    /// <summary>Log-probabilities in a completion's shape.</summary>
    internal sealed record TextLogprobs(IReadOnlyList<string> Tokens, IReadOnlyList<float> TokenLogprobs, IReadOnlyList<int> TextOffset);
}

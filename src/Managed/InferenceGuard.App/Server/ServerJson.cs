// How requests and responses become JSON: generated code, snake_case, as OpenAI's clients know it.

using System.Text.Json.Serialization;

namespace InferenceGuard.App.Server;

/// <summary>JSON forms of requests and responses.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ChatRequest))]
[JsonSerializable(typeof(ChatResponse))]
[JsonSerializable(typeof(ChatResponse.ChatLogprobs))]
[JsonSerializable(typeof(ChatResponse.TextLogprobs))]
[JsonSerializable(typeof(ErrorResponse))]
[JsonSerializable(typeof(HealthResponse))]
[JsonSerializable(typeof(ModelsResponse))]
[JsonSerializable(typeof(ModerationRequest))]
[JsonSerializable(typeof(ModerationResponse))]
[JsonSerializable(typeof(ScoreRequest))]
[JsonSerializable(typeof(ScoreResponse))]
[JsonSerializable(typeof(string))]
internal sealed partial class ServerJson : JsonSerializerContext;

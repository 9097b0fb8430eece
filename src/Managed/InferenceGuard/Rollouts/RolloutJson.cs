// How manifests and index lines become JSON.

using System.Text.Json;
using System.Text.Json.Serialization;
using InferenceGuard.Search;

namespace InferenceGuard.Rollouts;

/// <summary>The JSON forms: generated code, snake_case, words instead of numbers.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    IgnoreReadOnlyProperties = true,
    Converters = [typeof(EndWords)])]
[JsonSerializable(typeof(RolloutManifest))]
[JsonSerializable(typeof(Trajectory))]
internal sealed partial class RolloutJson : JsonSerializerContext
{
    internal sealed class EndWords() : JsonStringEnumConverter<EndReason>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);
}

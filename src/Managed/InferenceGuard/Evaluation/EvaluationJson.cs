// How manifests and records of an evaluation become JSON.

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace InferenceGuard.Evaluation;

/// <summary>The JSON forms: generated code, snake_case, words instead of numbers.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    IgnoreReadOnlyProperties = true,
    Converters = [typeof(FinishWords)])]
[JsonSerializable(typeof(EvaluationManifest))]
[JsonSerializable(typeof(AnswerRecord))]
internal sealed partial class EvaluationJson : JsonSerializerContext
{
    /// <summary>The same with letters of every script as they are, since records are read by people too.</summary>
    public static EvaluationJson Readable => field ??=
        new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    internal sealed class FinishWords() : JsonStringEnumConverter<FinishReason>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);
}

// How trace lines become JSON: generated code, snake_case, words instead of numbers.

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using InferenceGuard.Search;

namespace InferenceGuard.Diagnostics;

/// <summary>The JSON form of a trace line.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    AllowOutOfOrderMetadataProperties = true,
    Converters = [typeof(Words<GuardMode>), typeof(Words<FinishReason>), typeof(Words<EndReason>), typeof(Words<BeamVerdict>)])]
[JsonSerializable(typeof(TraceLine))]
internal sealed partial class TraceJson : JsonSerializerContext
{
    /// <summary>The form of a line: letters of every script as they are, since a trace is read by people too.</summary>
    public static TraceJson Readable => field ??=
        new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>Writes an enumeration in snake_case words, and reads nothing else.</summary>
    internal sealed class Words<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false)
        where T : struct, Enum;
}

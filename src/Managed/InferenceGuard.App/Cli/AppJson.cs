// How the command's own records become JSON: generated code, snake_case.

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace InferenceGuard.App.Cli;

/// <summary>JSON forms of what the command prints and reads.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(System.Text.Json.Nodes.JsonNode))]
[JsonSerializable(typeof(AnswerReport))]
[JsonSerializable(typeof(Doctor.HearthManifest))]
internal sealed partial class AppJson : JsonSerializerContext
{
    /// <summary>Letters of every script as they are; control characters are still escaped.</summary>
    public static AppJson Readable => field ??=
        new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}

// What the embedded files must be, as their build wrote it down.

using System.Text.Json;

namespace InferenceGuard.App.Cli.Doctor;

/// <summary>The list <c>manifest.json</c> of the embedded files.</summary>
/// <param name="Files">SHA-256 of each file in lower-case hexadecimal digits, by name.</param>
internal sealed record HearthManifest(IReadOnlyDictionary<string, string> Files)
{
    /// <summary>Reads the list; null where there is none.</summary>
    /// <exception cref="GuardException">It is malformed.</exception>
    public static HearthManifest? Read(string path)
    {
        if (!File.Exists(path))
            return null;
        try
        {
            using var stream = File.OpenRead(path);
            return JsonSerializer.Deserialize(stream, AppJson.Readable.HearthManifest) is { Files: not null } manifest
                ? manifest
                : throw new JsonException("'files' is missing");
        }
        catch (JsonException e)
        {
            throw new GuardException(GuardFault.Environment, $"{path} is malformed: {e.Message} Build inferenceguard again.", e);
        }
    }
}

// A JSON file of a classifier's folder; every complaint names the file.

using System.Text.Json;

namespace InferenceGuard.Onnx;

/// <summary>A JSON object of a folder, or of a place within it. Fields that are absent or null are null.</summary>
/// <param name="Path">The file.</param>
/// <param name="Element">The object.</param>
internal readonly record struct JsonFile(string Path, JsonElement Element)
{
    /// <summary>Reads a file; null where there is none.</summary>
    /// <exception cref="GuardException">It is no JSON object, or cannot be read.</exception>
    public static JsonFile? Read(string path)
    {
        if (!File.Exists(path))
            return null;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new(path, document.RootElement.Clone())
                : throw Broken(path, "it must hold an object in braces");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw Broken(path, e.Message.TrimEnd('.'), e);
        }
    }

    /// <summary>An error about this file.</summary>
    public GuardException Error(string complaint) => Broken(Path, complaint);

    /// <summary>A field; null where it is absent or null.</summary>
    public JsonElement? Field(string name) =>
        Element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>A field that is an object.</summary>
    /// <exception cref="GuardException">It is something else.</exception>
    public JsonFile? Object(string name) => Field(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => this with { Element = value },
        _ => throw Error($"\"{name}\" must be an object in braces"),
    };

    /// <summary>A field that is a text.</summary>
    /// <exception cref="GuardException">It is something else.</exception>
    public string? Text(string name) => Field(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        _ => throw Error($"\"{name}\" must be a text"),
    };

    /// <summary>A field that is true or false.</summary>
    /// <exception cref="GuardException">It is something else.</exception>
    public bool? Flag(string name) => Field(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw Error($"\"{name}\" must be true or false"),
    };

    /// <summary>A field that is a whole number; one beyond int64, such as the 1e30 that stands for "no limit", is null.</summary>
    /// <exception cref="GuardException">It is something else.</exception>
    public long? Whole(string name) => Field(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value => value.TryGetInt64(out var number) ? number : null,
        _ => throw Error($"\"{name}\" must be a number"),
    };

    /// <summary>A field that holds objects.</summary>
    /// <exception cref="GuardException">It is something else.</exception>
    public IEnumerable<JsonFile> Items(string name)
    {
        var (file, items) = (this, Field(name));
        if (items is null)
            return [];
        if (items is not { ValueKind: JsonValueKind.Array } list || list.EnumerateArray().Any(static item => item.ValueKind != JsonValueKind.Object))
            throw Error($"\"{name}\" must be a list of objects");
        return list.EnumerateArray().Select(item => file with { Element = item });
    }

    private static GuardException Broken(string path, string complaint, Exception? inner = null) =>
        new(GuardFault.Environment, $"{path}: {complaint}.", inner);
}

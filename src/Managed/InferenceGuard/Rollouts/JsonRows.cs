// Rows of JSON: an object on every line, or an array of objects.

using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace InferenceGuard.Rollouts;

/// <summary>Reads rows of JSON.</summary>
internal static class JsonRows
{
    /// <summary>An object on every line; blank lines count, but are no rows.</summary>
    /// <param name="utf8">The file.</param>
    public static IEnumerable<PromptRow> Lines(ReadOnlyMemory<byte> utf8)
    {
        var rest = utf8;
        for (var line = 1; !rest.IsEmpty; line++)
        {
            var length = rest.Span.IndexOf((byte)'\n') is >= 0 and var end ? end : rest.Length;
            var text = rest[..length];
            rest = rest[Math.Min(length + 1, rest.Length)..];
            if (text.Span.IndexOfAnyExcept(" \t\r"u8) < 0)
                continue;
            using var document = Parsed(text);
            yield return new JsonRow(line, string.Create(CultureInfo.InvariantCulture, $"line-{line}"), document?.RootElement ?? default);
        }
    }

    /// <summary>The elements of an array.</summary>
    /// <param name="utf8">The file.</param>
    /// <param name="path">Its name, for errors.</param>
    /// <exception cref="GuardException">It is no array of JSON: where one row is broken, the next cannot be found.</exception>
    public static IEnumerable<PromptRow> Elements(ReadOnlyMemory<byte> utf8, string path)
    {
        using var document = Whole(utf8, path);
        var (line, read) = (1, 0);
        foreach (var (index, element) in document.RootElement.EnumerateArray().Index())
        {
            utf8.Span.Overlaps(JsonMarshal.GetRawUtf8Value(element), out var start);
            line += utf8.Span[read..start].Count((byte)'\n');
            read = start;
            yield return new JsonRow(line, string.Create(CultureInfo.InvariantCulture, $"row-{index + 1}"), element);
        }
    }

    private static JsonDocument? Parsed(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            return JsonDocument.Parse(utf8);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static JsonDocument Whole(ReadOnlyMemory<byte> utf8, string path)
    {
        try
        {
            return JsonDocument.Parse(utf8);
        }
        catch (JsonException e)
        {
            // The message repeats the position, from 0; its first part is the reason.
            throw new GuardException(GuardFault.Usage, $"{path}, line {(e.LineNumber ?? 0) + 1}: the array is no JSON from here on: {e.Message.Split(" LineNumber:")[0].TrimEnd('.')}. Correct the file, or give an object on every line; rows after this place cannot be found, so --skip-bad does not help.", e);
        }
    }

    private sealed class JsonRow(int line, string id, JsonElement element) : PromptRow(line, id)
    {
        public override IReadOnlyCollection<string> Names => Of(static element => element.EnumerateObject().Select(static property => property.Name).ToArray());

        public override string? Text(string name) => Value(name) is { ValueKind: JsonValueKind.String } text ? Of(_ => text.GetString()) : null;

        public override string? Label(string name) => Value(name) is { ValueKind: JsonValueKind.Number } number ? number.GetRawText() : Text(name);

        private JsonElement Value(string name) => Of(element => element.TryGetProperty(name, out var value) ? value : default);

        private T Of<T>(Func<JsonElement, T> read)
        {
            if (element.ValueKind != JsonValueKind.Object)
                throw new FormatException("it is no JSON object");
            try
            {
                return read(element);
            }
            catch (InvalidOperationException e)
            {
                throw new FormatException("a text in it is no Unicode; save the file as UTF-8", e);
            }
        }
    }
}

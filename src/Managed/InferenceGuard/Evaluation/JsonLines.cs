// On which line of a JSON file each of its values stands.

using System.Text.Json;

namespace InferenceGuard.Evaluation;

/// <summary>Finds the lines of places, named as <see cref="Scoring.JsonPlace"/> names them.</summary>
internal static class JsonLines
{
    private static readonly JsonReaderOptions s_lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>The line of every place, from 1.</summary>
    /// <param name="utf8">Valid JSON.</param>
    public static IReadOnlyDictionary<string, int> Of(ReadOnlySpan<byte> utf8)
    {
        var lines = new Dictionary<string, int>();
        var reader = new Utf8JsonReader(utf8, s_lenient);
        // Of each open object (item −1) or list (item of the next value): its place.
        var open = new Stack<(string Place, int Item)>();
        var (line, seen, place) = (1, 0, "");
        while (reader.Read())
        {
            var start = (int)reader.TokenStartIndex;
            line += utf8[seen..start].Count((byte)'\n');
            seen = start;
            if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray)
            {
                open.Pop();
                continue;
            }
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString()!;
                place = open.Peek().Place is "" ? name : $"{open.Peek().Place}, {name}";
            }
            else if (open.TryPeek(out var list) && list.Item >= 0)
            {
                open.Pop();
                open.Push((list.Place, list.Item + 1));
                place = $"{list.Place}[{list.Item}]";
            }
            lines.TryAdd(place, line);
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                open.Push((place, reader.TokenType == JsonTokenType.StartArray ? 0 : -1));
        }
        return lines;
    }
}

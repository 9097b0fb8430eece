// A value of a user's JSON file that knows where it stands, so that every complaint can say so.

using System.Text.Json;

namespace InferenceGuard.Scoring;

/// <summary>A JSON value and its place. Each reading method gives a checked value or an error with place, value and expectation.</summary>
/// <param name="Element">The value.</param>
/// <param name="Source">The file's name.</param>
/// <param name="Place">Where in the file, such as <c>rules[3] "foil"</c>; empty for the whole.</param>
internal readonly record struct JsonPlace(JsonElement Element, string Source, string Place)
{
    private const int LongestQuote = 40;

    /// <summary>Line of each place in the user's file, from 1, for readers that know it.</summary>
    public IReadOnlyDictionary<string, int>? Lines { get; init; }

    /// <summary>Who can repair it.</summary>
    public GuardFault Fault { get; init; } = GuardFault.Usage;

    /// <summary>Takes out of a text what no error may repeat, such as a key; null if there is nothing.</summary>
    public Func<string, string>? Hide { get; init; }

    /// <summary>An error about this value.</summary>
    public GuardException Error(string complaint)
    {
        var where = Lines is not null && Lines.TryGetValue(Place, out var line) ? $"{Source}, line {line}" : Source;
        return new(Fault, Place == "" ? $"{where}: {complaint}." : $"{where}: {Place}: {complaint}.");
    }

    /// <summary>The fields of this object.</summary>
    public IEnumerable<(string Name, JsonPlace Value)> Fields()
    {
        if (Element.ValueKind != JsonValueKind.Object)
            throw Unlike("an object in braces");
        var parent = this;
        return Element.EnumerateObject().Select(field => (field.Name, parent.At(field.Name, field.Value)));
    }

    /// <summary>Whether an object has a field.</summary>
    public bool Has(string name) => Element.ValueKind == JsonValueKind.Object && Element.TryGetProperty(name, out _);

    /// <summary>Refuses anything but an object with no other fields than these.</summary>
    public void AllowOnly(params ReadOnlySpan<string> names)
    {
        if (Element.ValueKind != JsonValueKind.Object)
            throw Unlike("an object in braces");
        foreach (var field in Element.EnumerateObject())
            if (!names.Contains(field.Name))
                throw Error($"unknown field \"{field.Name}\"; known are {string.Join(", ", names)}");
    }

    /// <summary>A field's text; not blank.</summary>
    public string Text(string name) => Field(name).Text();

    /// <summary>This value's text; not blank.</summary>
    public string Text() =>
        Element.ValueKind == JsonValueKind.String && Element.GetString() is { } text && !string.IsNullOrWhiteSpace(text) ? text : throw Unlike("a text");

    /// <summary>A field's number; finite.</summary>
    public double Number(string name)
    {
        var field = Field(name);
        return field.Element.ValueKind == JsonValueKind.Number && field.Element.TryGetDouble(out var number) && double.IsFinite(number)
            ? number
            : throw field.Unlike("a finite number");
    }

    /// <summary>A field's whole number, 1 or more.</summary>
    public int Count(string name)
    {
        var field = Field(name);
        return field.Element.ValueKind == JsonValueKind.Number && field.Element.TryGetInt32(out var number) && number >= 1
            ? number
            : throw field.Unlike("a whole number, 1 or more");
    }

    /// <summary>A field's truth value.</summary>
    public bool Flag(string name)
    {
        var field = Field(name);
        return field.Element.ValueKind is JsonValueKind.True or JsonValueKind.False ? field.Element.GetBoolean() : throw field.Unlike("true or false");
    }

    /// <summary>The items of a field's list.</summary>
    public IEnumerable<JsonPlace> Items(string name, int atLeast = 1) => Field(name).Items(atLeast);

    /// <summary>The items of this list.</summary>
    public IEnumerable<JsonPlace> Items(int atLeast = 1)
    {
        if (Element.ValueKind != JsonValueKind.Array || Element.GetArrayLength() < atLeast)
            throw Unlike(atLeast == 0 ? "a list in brackets" : "a list in brackets that is not empty");
        var list = this;
        return Element.EnumerateArray().Select((item, index) => list with { Element = item, Place = $"{list.Place}[{index}]" });
    }

    /// <summary>A field.</summary>
    public JsonPlace Field(string name) =>
        Element.ValueKind != JsonValueKind.Object ? throw Unlike("an object in braces")
        : Element.TryGetProperty(name, out var value) ? At(name, value)
        : throw Error($"\"{name}\" is missing");

    private JsonPlace At(string name, JsonElement value) => this with { Element = value, Place = Place == "" ? name : $"{Place}, {name}" };

    /// <summary>An error about this value being of another kind.</summary>
    public GuardException Unlike(string expected)
    {
        var given = string.Concat(Element.GetRawText().ReplaceLineEndings(" ").Select(static at => char.IsControl(at) ? ' ' : at));
        given = Hide?.Invoke(given) ?? given;
        return Error($"this is {(given.Length > LongestQuote ? given[..LongestQuote] + "…" : given)}; it must be {expected}");
    }
}

// Reads a suite's JSON; every error says where it is, what stands there and what is expected.

using System.Text;
using System.Text.Json;
using InferenceGuard.Scoring;

namespace InferenceGuard.Evaluation;

/// <summary>Reads suites.</summary>
internal static class SuiteReader
{
    private static readonly JsonDocumentOptions s_lenient = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        AllowDuplicateProperties = false,
    };

    /// <summary>As <see cref="EvaluationSuite.Parse"/>.</summary>
    public static EvaluationSuite Read(ReadOnlyMemory<byte> utf8, string path, IReadOnlyDictionary<string, int>? lines, IReadOnlyCollection<string>? methods, IReadOnlyCollection<string>? options, IReadOnlyCollection<string>? formats)
    {
        if (utf8.Span.StartsWith(Encoding.UTF8.Preamble))
            utf8 = utf8[Encoding.UTF8.Preamble.Length..];
        try
        {
            using var document = JsonDocument.Parse(utf8, s_lenient);
            return ReadSuite(new(document.RootElement, path, "") { Lines = lines ?? JsonLines.Of(utf8.Span) }, methods, options, formats);
        }
        catch (JsonException e)
        {
            // The message repeats the position, from 0; its first part is the reason.
            throw new GuardException(GuardFault.Usage, $"{path}: not valid JSON at line {(e.LineNumber ?? 0) + 1}: {e.Message.Split(" LineNumber:")[0]}", e);
        }
        catch (InvalidOperationException e)
        {
            throw new GuardException(GuardFault.Usage, $"{path}: a text in it is not valid Unicode; save the file as UTF-8.", e);
        }
    }

    private static EvaluationSuite ReadSuite(JsonPlace root, IReadOnlyCollection<string>? methods, IReadOnlyCollection<string>? options, IReadOnlyCollection<string>? formats)
    {
        Allow(root, "name", "models", "methods", "settings", "prompts", "prompt_format", "limit", "seeds");
        var folder = Path.GetDirectoryName(Path.GetFullPath(root.Source))!;
        var suite = new EvaluationSuite
        {
            Name = root.Text("name"),
            Models = Unique(root.Items("models"), item => ReadModel(item, folder), static model => model.Name),
            Methods = Unique(root.Items("methods"), item => Known("method", item, item.Text(), methods), static method => method),
            Prompts = Located(folder, root.Text("prompts")),
            PromptFormat = root.Has("prompt_format") ? Known("prompt format", root.Field("prompt_format"), root.Text("prompt_format"), formats) : null,
            Limit = root.Has("limit") ? root.Count("limit") : null,
        };
        if (root.Has("settings"))
            suite = suite with { Settings = Unique(root.Items("settings"), item => ReadSetting(item, options), static setting => setting.Name) };
        return root.Has("seeds") ? suite with { Seeds = Unique(root.Items("seeds"), ReadSeed, static seed => seed) } : suite;
    }

    private static SuiteModel ReadModel(JsonPlace item, string folder)
    {
        Allow(item, "name", "path", "cost", "combine", "reward", "critic");
        var combination = item.Has("combine") && Known("combination", item.Field("combine"), item.Text("combine"), ["sum", "max"]) == "max" ? Combination.Max : Combination.Sum;
        return new(item.Text("name"), Located(folder, item.Text("path")), Scorers("cost"), combination, Scorers("reward"), item.Has("critic") ? Located(folder, item.Text("critic")) : null);

        // One or a list, as on the command line; files are looked for beside the suite.
        string[] Scorers(string key) => !item.Has(key)
            ? []
            : [.. (item.Field(key).Element.ValueKind == JsonValueKind.Array ? item.Items(key) : [item.Field(key)]).Select(spec => spec.Text()).Select(LocatedScorer)];

        string LocatedScorer(string spec)
        {
            var file = spec.IndexOf(':', StringComparison.Ordinal) + 1;
            return spec[..file] + string.Join(',', spec[file..].Split(',').Select(part =>
                part.IndexOf('=', StringComparison.Ordinal) + 1 is var value && value > 0 ? part[..value] + Located(folder, part[value..]) : Located(folder, part)));
        }
    }

    private static EvaluationSetting ReadSetting(JsonPlace item, IReadOnlyCollection<string>? options)
    {
        Allow(item, "name", "options");
        var values = new Dictionary<string, string>();
        if (item.Has("options"))
            foreach (var (name, value) in item.Field("options").Fields())
                values.Add(Known("option", value, name, options), value.Element.ValueKind switch
                {
                    JsonValueKind.String => value.Text(),
                    JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.Element.GetRawText(),
                    _ => throw value.Unlike("a text, a number, true or false"),
                });
        return new(item.Text("name"), values);
    }

    private static ulong ReadSeed(JsonPlace item) =>
        item.Element.ValueKind == JsonValueKind.Number && item.Element.TryGetUInt64(out var seed) ? seed : throw item.Unlike("a whole number, 0 or more");

    private static void Allow(JsonPlace item, params string[] names)
    {
        foreach (var (name, value) in item.Fields())
            if (!names.Contains(name))
                throw value.Error($"unknown key \"{name}\"; known are {string.Join(", ", names)}");
    }

    private static string Known(string what, JsonPlace item, string name, IReadOnlyCollection<string>? known) =>
        known is null || known.Contains(name) ? name : throw item.Error($"unknown {what} \"{name}\"; known are {string.Join(", ", known)}");

    private static T[] Unique<T, TKey>(IEnumerable<JsonPlace> items, Func<JsonPlace, T> read, Func<T, TKey> key)
    {
        var keys = new HashSet<TKey>();
        return [.. items.Select(item => read(item) is var value && keys.Add(key(value)) ? value : throw item.Error($"{key(value)} occurs twice; name it once"))];
    }

    private static string Located(string folder, string path) => Path.Combine(folder, path) is var here && (File.Exists(here) || Directory.Exists(here)) ? here : path;
}

// Reads a phrase model's JSON file; every error says where it is, what stands there and what is expected.

using System.Text;
using System.Text.Json;

namespace InferenceGuard.Scoring;

/// <summary>A phrase model as its file states it (docs/phrase-models.md), with every value checked.</summary>
/// <param name="Name">Name for reports.</param>
/// <param name="Negators">Whole words after which a phrase of the same sentence does not count.</param>
/// <param name="Rules">The rules, one at least; no two with the same id.</param>
internal sealed record PhraseFile(string Name, string[] Negators, PhraseRule[] Rules)
{
    private static readonly JsonDocumentOptions Lenient = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        AllowDuplicateProperties = false,
    };

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="kind">What it must be: <c>cost</c> or <c>reward</c>.</param>
    /// <exception cref="GuardException">It is missing, malformed (with line and column), of another kind or holds a wrong value (with its place).</exception>
    public static PhraseFile Load(string path, string kind)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            return Parse(File.ReadAllBytes(path), path, kind);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new GuardException(GuardFault.Usage, $"The phrase file \"{path}\" cannot be read: {error.Message}", error);
        }
    }

    /// <summary>Reads a file that is open already.</summary>
    /// <param name="json">Its bytes, read to the end.</param>
    /// <param name="source">What errors call it.</param>
    /// <param name="kind">As for <see cref="Load"/>.</param>
    /// <exception cref="GuardException">As for <see cref="Load"/>.</exception>
    public static PhraseFile Read(Stream json, string source, string kind)
    {
        ArgumentNullException.ThrowIfNull(json);
        using var bytes = new MemoryStream();
        json.CopyTo(bytes);
        return Parse(bytes.ToArray(), source, kind);
    }

    private static PhraseFile Parse(ReadOnlyMemory<byte> utf8, string source, string kind)
    {
        if (utf8.Span.StartsWith(Encoding.UTF8.Preamble))
            utf8 = utf8[Encoding.UTF8.Preamble.Length..];
        try
        {
            using var document = JsonDocument.Parse(utf8, Lenient);
            return ReadModel(new(document.RootElement, source, ""), kind);
        }
        catch (JsonException error)
        {
            // The message repeats the position, in bytes and from 0; its first part is the reason.
            var (line, column) = (error.LineNumber ?? 0, error.BytePositionInLine ?? 0);
            throw new GuardException(GuardFault.Usage,
                $"{source}: not valid JSON at line {line + 1}, column {Column(utf8.Span, line, column)}: {error.Message.Split(" LineNumber:")[0]}", error);
        }
        catch (InvalidOperationException error)
        {
            throw new GuardException(GuardFault.Usage, $"{source}: a text in it is not valid Unicode; save the file as UTF-8.", error);
        }
    }

    private static PhraseFile ReadModel(JsonPlace root, string kind)
    {
        root.AllowOnly("kind", "name", "negators", "rules");
        var given = root.Text("kind");
        if (given != kind)
            throw root.Error(given is "cost" or "reward"
                ? $"this is a {given}, but a {kind} is expected here; use it as the {given}, or change its \"kind\""
                : $"\"kind\" is \"{given}\"; it must be \"cost\" or \"reward\"");
        var rules = root.Items("rules").Select(ReadRule).ToArray();
        if (rules.GroupBy(static rule => rule.Id).FirstOrDefault(static group => group.Count() > 1) is { } twice)
            throw root.Error($"{twice.Count()} rules have the id \"{twice.Key}\"; ids must be unique");
        return new(root.Text("name"), root.Has("negators") ? Phrases(root.Items("negators", atLeast: 0)) : [], rules);
    }

    private static PhraseRule ReadRule(JsonPlace item)
    {
        item.AllowOnly("id", "weight", "any", "all", "when_prompt", "most", "ended");
        var id = item.Text("id");
        var rule = item with { Place = $"{item.Place} \"{id}\"" };
        if (rule.Has("any") == rule.Has("all"))
            throw rule.Error("it must have either \"any\" (a list of phrases) or \"all\" (a list of such lists)");
        var groups = rule.Has("any") ? [Phrases(rule.Items("any"))] : rule.Items("all").Select(static group => Phrases(group.Items())).ToArray();
        if (groups.Length > PhraseRule.MaxGroups)
            throw rule.Error($"\"all\" has {groups.Length} groups; {PhraseRule.MaxGroups} at most are allowed");
        var most = rule.Has("most") ? rule.Count("most") : 1;
        if (most > 1 && groups.Length > 1)
            throw rule.Error($"\"most\" is {most}; a rule with several groups counts once, so leave it out");
        return new(id, rule.Number("weight"), groups, rule.Has("when_prompt") ? Phrases(rule.Items("when_prompt")) : [], most,
            rule.Has("ended") && rule.Flag("ended"));
    }

    private static string[] Phrases(IEnumerable<JsonPlace> items) =>
    [
        .. items.Select(static item => PhraseText.Normalize(item.Text()) is { Length: > 0 }
            ? item.Text()
            : throw item.Error($"the phrase \"{item.Text()}\" has no letter or digit")),
    ];

    // Editors count characters, the reader counts bytes.
    private static int Column(ReadOnlySpan<byte> utf8, long line, long byteInLine)
    {
        for (; line > 0; line--)
            utf8 = utf8[(utf8.IndexOf((byte)'\n') + 1)..];
        return Encoding.UTF8.GetCharCount(utf8[..(int)Math.Min(byteInLine, utf8.Length)]) + 1;
    }
}

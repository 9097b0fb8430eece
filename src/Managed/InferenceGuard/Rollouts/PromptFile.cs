// Reads sets of prompts in the field's layouts.

using System.Globalization;

namespace InferenceGuard.Rollouts;

/// <summary>
/// Reads prompt files: CSV, JSON lines or a JSON array in UTF-8, plain or packed with gzip, in one of the layouts of <see cref="Formats"/>.
/// Which of them it is, is seen in the content. docs/prompt-sets.md lists them.
/// </summary>
public static class PromptFile
{
    /// <summary>The names of the layouts.</summary>
    public static IReadOnlyList<string> Formats { get; } = [.. PromptLayout.All.Select(static layout => layout.Name)];

    /// <summary>Reads all prompts of a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="format">One of <see cref="Formats"/>; null = as the first good row's columns say.</param>
    /// <param name="skipsBad">Whether bad rows are left out and counted.</param>
    /// <exception cref="GuardException">It cannot be read, has no prompts, or a row is bad (with its line).</exception>
    public static PromptSet Read(string path, string? format = null, bool skipsBad = false)
    {
        ArgumentNullException.ThrowIfNull(path);
        PromptLayout? layout = null;
        if (format is not null && !PromptLayout.TryFind(format, out layout))
            throw new GuardException(GuardFault.Usage, $"The prompt format is '{format}'; known are {string.Join(", ", Formats)}. Leave it away to have it detected.");
        var (prompts, ids, texts) = (new List<PromptEntry>(), new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        var (skipped, repeated, first) = (0, 0, (string?)null);
        foreach (var row in Rows(PromptBytes.Read(path), path))
        {
            try
            {
                layout ??= PromptLayout.Of(row);
                var entry = layout.Read(row);
                if (!layout.KeepsRepeats && !texts.Add(entry.Transcript))
                    repeated++;
                else if (ids.Add(entry.Id))
                    prompts.Add(entry);
                else
                    throw new FormatException($"the id \"{entry.Id}\" occurs twice");
            }
            catch (FormatException e)
            {
                var place = string.Create(CultureInfo.InvariantCulture, $"line {row.Line}: {e.Message}");
                if (!skipsBad)
                    throw new GuardException(GuardFault.Usage, $"{path}, {place}; expected {layout?.Expected ?? $"the columns of a known set ({string.Join(", ", Formats)})"}. Correct the row, or leave bad rows out with --skip-bad; nothing that was done before is lost.", e);
                skipped++;
                first ??= place;
            }
        }
        return prompts.Count > 0
            ? new(layout!.Name, prompts) { Skipped = skipped, FirstSkipped = first, Repeated = repeated }
            : throw new GuardException(GuardFault.Usage, $"The prompt file '{path}' has no prompts{(first is null ? "" : $": all rows are bad, the first at {first}")}; give CSV, JSON or JSON lines such as {{\"prompt\": \"…\"}}.");
    }

    // What carries the rows is seen in the first character; the name counts only where that says nothing, so that broken JSON is called so.
    private static IEnumerable<PromptRow> Rows(ReadOnlyMemory<byte> utf8, string path) =>
        utf8.Span.TrimStart(" \t\r\n"u8) switch
        {
            [(byte)'[', ..] => JsonRows.Elements(utf8, path),
            [(byte)'{', ..] => JsonRows.Lines(utf8),
            _ when path.Contains(".json", StringComparison.OrdinalIgnoreCase) => JsonRows.Lines(utf8),
            _ => CsvRows.Of(utf8, path),
        };
}

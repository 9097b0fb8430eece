// The options that choose a file of prompts, once for every command that has them.

using System.CommandLine;
using System.Globalization;
using InferenceGuard.Rollouts;

namespace InferenceGuard.App.Cli;

/// <summary>The options that choose a file of prompts.</summary>
internal sealed class PromptFlags
{
    private readonly Option<string?> _prompts = new("--prompts")
    {
        HelpName = "FILE",
        Description = "Prompts: CSV, JSON lines or a JSON array, plain or gzip, with the columns prompt and, if wanted, id, or those of a known set (docs/prompt-sets.md).",
    };

    private readonly Option<string?> _format = new("--prompt-format")
    {
        HelpName = "NAME",
        Description = $"Whose columns these are, of {string.Join(", ", PromptFile.Formats)}. By default it is seen in the file.",
    };

    private readonly Option<bool> _skipBad = new("--skip-bad") { Description = "Leave out bad rows of the prompts and say how many, instead of stopping at the first." };

    /// <param name="isRequired">Whether the command cannot do without --prompts.</param>
    public PromptFlags(bool isRequired)
    {
        _prompts.Required = isRequired;
        _format.CompletionSources.Add([.. PromptFile.Formats]);
    }

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_prompts);
        command.Options.Add(_format);
        command.Options.Add(_skipBad);
    }

    /// <summary>The file that was given.</summary>
    /// <exception cref="GuardException">None was.</exception>
    public string Path(ParseResult parsed) => parsed.GetValue(_prompts) ?? throw new GuardException(GuardFault.Usage, "There are no prompts; give --prompts FILE, or --suite FILE.");

    /// <summary>The prompts of the file that was given.</summary>
    /// <exception cref="GuardException">They cannot be read.</exception>
    public PromptSet Read(ParseResult parsed, Terminal terminal, string path) => Read(parsed, terminal, path, parsed.GetValue(_format));

    /// <summary>The prompts of a file that something else than these options named; says what was left out.</summary>
    /// <exception cref="GuardException">They cannot be read.</exception>
    public PromptSet Read(ParseResult parsed, Terminal terminal, string path, string? format)
    {
        var set = PromptFile.Read(path, format, parsed.GetValue(_skipBad));
        if (set.Repeated > 0)
            terminal.Note(string.Create(CultureInfo.InvariantCulture, $"{set.Entries.Count} prompts of {path} ({set.Format}): {set.Repeated} rows repeat one and were left out"));
        if (set.Skipped > 0)
            terminal.Warn(string.Create(CultureInfo.InvariantCulture, $"{set.Skipped} bad rows of {path} ({set.Format}) were left out, {set.Entries.Count} prompts are left; the first is {set.FirstSkipped}"));
        return set;
    }
}

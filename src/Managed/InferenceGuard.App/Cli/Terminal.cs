// Everything a command talks to: both output streams, the input, the clock and Ctrl-C; tests put their own in.

using System.Text;
using Spectre.Console;

namespace InferenceGuard.App.Cli;

/// <summary>Everything a command talks to.</summary>
internal sealed record Terminal
{
    // Text that is wrapped where nobody looks cannot be searched: a file or pipe gets wide lines.
    private const int RedirectedWidth = 160;

    /// <summary>Standard output: answers and reports.</summary>
    public required IAnsiConsole Out { get; init; }

    /// <summary>Standard error: progress, warnings and errors.</summary>
    public required IAnsiConsole Error { get; init; }

    /// <summary>Standard input, as bytes.</summary>
    public required Stream In { get; init; }

    /// <summary>Time, for progress displays.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Whether a person types the input.</summary>
    public bool IsInputTerminal { get; init; }

    /// <summary>Calls an action at the first Ctrl-C until the result is disposed; a second one ends the process.</summary>
    public Func<Action, IDisposable> OnInterrupt { get; init; } = static stop => new Interrupt(stop);

    /// <summary>Whether somebody watches standard error, so that progress is worth showing.</summary>
    public bool ShowsProgress { get; init; }

    /// <summary>The terminal of this process.</summary>
    public static Terminal OfProcess()
    {
        if (OperatingSystem.IsWindows())
            Console.OutputEncoding = Encoding.UTF8;
        var error = Open(Console.Error);
        return new()
        {
            Out = Open(Console.Out),
            Error = error,
            In = Console.OpenStandardInput(),
            IsInputTerminal = !Console.IsInputRedirected,
            ShowsProgress = error.Profile.Out.IsTerminal,
        };
    }

    /// <summary>Writes text as it is: never wrapped, and never read as markup.</summary>
    public void WriteLine(string text) => WriteLine(Out, text);

    /// <summary>Writes a model's text: on a terminal, control characters cannot reach it.</summary>
    public void WriteForeign(string text) => WriteLine(Out, Out.Profile.Out.IsTerminal ? Printable(text) : text);

    /// <summary>Writes a line that matters less than the answer: dimmed where there are colours.</summary>
    public void WriteAside(string text) => WriteLine(Out.Profile is { Out.IsTerminal: true, Capabilities.Ansi: true } ? $"\e[90m{text}\e[0m" : text);

    /// <summary>Writes one line about how a long command is getting on.</summary>
    public void Note(string text) => WriteLine(Error, text);

    /// <summary>Writes one line about something that is odd but does not stop the command.</summary>
    public void Warn(string text) => WriteLine(Error, "warning: " + OneLine(text));

    /// <summary>Writes one line about why the command has failed.</summary>
    public void Fail(string text) => WriteLine(Error, "error: " + OneLine(text));

    /// <summary>Text without control characters but line ends and tabs: U+FFFD takes their place.</summary>
    public static string Printable(string text) =>
        string.Create(text.Length, text, static (printable, text) =>
        {
            for (var i = 0; i < text.Length; i++)
                printable[i] = char.IsControl(text[i]) && text[i] is not ('\n' or '\t') ? '\uFFFD' : text[i];
        });

    private static void WriteLine(IAnsiConsole console, string text) => console.Profile.Out.Writer.WriteLine(text);

    private static string OneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static IAnsiConsole Open(TextWriter writer)
    {
        var console = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(writer) });
        if (!console.Profile.Out.IsTerminal)
            console.Profile.Width = RedirectedWidth;
        return console;
    }
}

// Standard error that presses Ctrl-C at a line, so that a command is interrupted at the same point in every run.

using System.Globalization;
using InferenceGuard.App.Cli;
using Spectre.Console;

namespace InferenceGuard.Tests.App;

/// <summary>Presses Ctrl-C when the n-th line is written.</summary>
/// <param name="lines">n.</param>
internal sealed class StoppingLog(int lines) : StringWriter(CultureInfo.InvariantCulture)
{
    private Action? _stop;
    private int _lines;

    public override string NewLine => "\n";

    /// <summary>Puts the log and its Ctrl-C into a terminal.</summary>
    public Terminal Attach(Terminal terminal) => terminal with { Error = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(this) }), OnInterrupt = OnInterrupt };

    public override void WriteLine(string? value)
    {
        base.WriteLine(value);
        if (++_lines == lines)
            _stop!();
    }

    private MemoryStream OnInterrupt(Action stop)
    {
        _stop = stop;
        return new();
    }
}

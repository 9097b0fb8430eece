// The command line: its commands, and how every failure becomes one line and an exit code.

using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Spectre.Console;

namespace InferenceGuard.App.Cli;

/// <summary>The command line. Exit codes: 0, those of <see cref="GuardFault"/>, and 130 after Ctrl-C.</summary>
internal static class CommandLine
{
    public const int Ok = 0;
    public const int Interrupted = 130;

    // A prompt may begin with @; it is no response file.
    private static readonly ParserConfiguration s_parser = new() { ResponseFileTokenReplacer = null, EnablePosixBundling = false };

    /// <summary>Runs one command.</summary>
    /// <returns>The exit code.</returns>
    public static int Run(IReadOnlyList<string> args, Terminal terminal)
    {
        var verbose = new Option<bool>("--verbose") { Description = "Show what llama.cpp logs, and the stack of an error.", Recursive = true };
        var parsed = Create(terminal, verbose).Parse(args, s_parser);
        var isVerbose = parsed.GetValue(verbose);
        try
        {
            if (parsed.Action is ParseErrorAction)
                throw new GuardException(GuardFault.Usage, $"{Complaint(parsed)}; {CommandOf(parsed)} --help lists what is possible.");
            if (isVerbose)
                Model.LlamaEngine.ListenToLog((_, line) => terminal.Error.Profile.Out.Writer.Write(line));
            Model.LlamaEngine.Current = Engines.Llama;
            return parsed.Invoke(new()
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
                Output = terminal.Out.Profile.Out.Writer,
                Error = terminal.Error.Profile.Out.Writer,
            });
        }
        catch (GuardException e)
        {
            return Fail(e, e.Message, (int)e.Fault);
        }
        catch (OperationCanceledException e)
        {
            return Fail(e, "Stopped.", Interrupted);
        }
        catch (Exception e)
        {
            return Fail(e, $"{e.GetType().Name}: {e.Message} This is a fault of the program; --verbose shows where it lies.", (int)GuardFault.Generation);
        }
        finally
        {
            Model.LlamaEngine.ListenToLog(null);
        }

        int Fail(Exception exception, string message, int exitCode)
        {
            terminal.Fail(message);
            if (isVerbose)
                terminal.Error.WriteException(exception);
            return exitCode;
        }
    }

    private static RootCommand Create(Terminal terminal, Option verbose) =>
        new("Almost surely safe answers from a frozen GGUF language model, at inference time.")
        {
            verbose,
            GenerateCommand.Create(terminal),
            ChatCommand.Create(terminal),
            ServeCommand.Create(terminal),
            InfoCommand.Create(terminal),
            DoctorCommand.Create(terminal),
            ExplainCommand.Create(terminal),
            CollectCommand.Create(terminal), TrainCommand.Create(terminal), CalibrateCommand.Create(terminal), EvaluateCommand.Create(terminal),
            TrainHeadCommand.Create(terminal), ConvertHeadCommand.Create(terminal), TrainLmCommand.Create(terminal),
            HearthCommand.Create(terminal),
        };

    private static string Complaint(ParseResult parsed) => parsed switch
    {
        { UnmatchedTokens: [['-', ..] option, ..] } => $"there is no option {option}",
        { UnmatchedTokens: [var word, ..], CommandResult.Command.Subcommands.Count: > 0 } => $"there is no command '{word}'",
        { UnmatchedTokens: [var word, ..] } => $"'{word}' is one argument too many (a text with blanks needs quotes)",
        { CommandResult.Command.Subcommands.Count: > 0 } => "a command is missing",
        _ => parsed.Errors[0].Message.TrimEnd('.'),
    };

    private static string CommandOf(ParseResult parsed)
    {
        var words = new Stack<string>();
        for (var result = parsed.CommandResult; result.Command is not RootCommand; result = (CommandResult)result.Parent!)
            words.Push(result.Command.Name);
        return string.Join(' ', words.Prepend("inferenceguard"));
    }
}

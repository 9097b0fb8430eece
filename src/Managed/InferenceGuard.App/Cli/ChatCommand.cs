// `chat`: a conversation under one safety budget.

using System.CommandLine;
using System.Text;
using InferenceGuard.Diagnostics;
using InferenceGuard.Model;
using InferenceGuard.Safety;

namespace InferenceGuard.App.Cli;

/// <summary>A conversation: messages and the safety state z are carried from turn to turn.</summary>
internal static class ChatCommand
{
    private static readonly UTF8Encoding s_strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static Command Create(Terminal terminal)
    {
        var system = new Option<string?>("--system") { HelpName = "S", Description = "A system message before the conversation." };
        var tracePath = new Option<string?>("--trace") { HelpName = "FILE", Description = "Write every step of every search to this file; explain shows it." };
        var (modelFlags, guardFlags) = (new ModelFlags(), new GuardFlags());
        var command = new Command("chat", "Talk with a model under one safety budget; /reset forgets, /quit ends, Ctrl-C stops an answer.") { system };
        modelFlags.AddTo(command, takesCritic: true);
        guardFlags.AddTo(command);
        command.Options.Add(tracePath);
        command.SetAction(parsed =>
        {
            var choice = modelFlags.Bind(parsed);
            using var session = Session.Open(terminal, choice, guardFlags.Bind(parsed, terminal, choice.Critic is not null));
            using var trace = parsed.GetValue(tracePath) is { } path ? DecodeTrace.Create(path) : null;
            new Conversation(terminal, session, trace, parsed.GetValue(system)).Run();
            return CommandLine.Ok;
        });
        return command;
    }

    private sealed class Conversation(Terminal terminal, Session session, DecodeTrace? trace, string? system)
    {
        private readonly List<ChatMessage> _messages = [];
        private SafetyState? _state;

        public void Run()
        {
            using var lines = terminal.IsInputTerminal ? null : new StreamReader(terminal.In, s_strictUtf8, detectEncodingFromByteOrderMarks: false);
            Reset();
            for (var number = 1; Next(lines, number) is { } line; number++)
            {
                switch (line.Trim())
                {
                    case "":
                        break;
                    case "/quit":
                        return;
                    case "/reset":
                        Reset();
                        terminal.WriteAside("The conversation and the budget begin anew.");
                        break;
                    case ['/', ..] command:
                        terminal.Warn($"'{command}' is no command; /reset and /quit are.");
                        break;
                    default:
                        Turn(line);
                        break;
                }
            }
        }

        private string? Next(StreamReader? redirected, int number)
        {
            if (redirected is null)
            {
                terminal.Out.Profile.Out.Writer.Write("> ");
                return Console.In.ReadLine();
            }
            try
            {
                return redirected.ReadLine()?.TrimStart('\uFEFF');
            }
            catch (DecoderFallbackException e)
            {
                throw new GuardException(GuardFault.Usage, $"Standard input is not UTF-8 at or after line {number}. Convert the text to UTF-8 first.", e);
            }
        }

        private void Reset()
        {
            _messages.Clear();
            _state = null;
            if (system is not null)
                _messages.Add(new("system", system));
        }

        private void Turn(string text)
        {
            _messages.Add(new("user", text));
            try
            {
                var answer = session.Answer(_messages, _state, trace, terminal.ShowsProgress);
                _messages.Add(new("assistant", answer.Text));
                _state = answer.State;
                terminal.WriteForeign(answer.Text);
                terminal.WriteAside(AnswerSummary.Of(answer, session.IsChecked, session.Device));
            }
            catch (Exception e) when (e is OperationCanceledException or GuardException { Fault: GuardFault.Usage })
            {
                // The turn did not happen: the next one must not answer it.
                _messages.RemoveAt(_messages.Count - 1);
                if (e is OperationCanceledException)
                    terminal.WriteAside("Stopped.");
                else
                    terminal.Fail($"{e.Message} /reset forgets the conversation.");
            }
        }
    }
}

// `generate`: one prompt, one guarded answer.

using System.CommandLine;
using System.Text.Json;
using InferenceGuard.Diagnostics;
using InferenceGuard.Model;

namespace InferenceGuard.App.Cli;

/// <summary>Answers one prompt and says how safe the answer is.</summary>
internal static class GenerateCommand
{
    public static Command Create(Terminal terminal)
    {
        var prompt = new Argument<string?>("PROMPT")
        {
            Description = "The text to answer; - reads it from standard input.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var system = new Option<string?>("--system") { HelpName = "S", Description = "A system message before the prompt." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object and nothing else." };
        var tracePath = new Option<string?>("--trace") { HelpName = "FILE", Description = "Write every step of the search to this file; explain shows it." };
        var (modelFlags, guardFlags) = (new ModelFlags(), new GuardFlags());

        var command = new Command("generate", "Answer a prompt, verified safe, or abstain.") { prompt, system };
        modelFlags.AddTo(command, takesCritic: true);
        guardFlags.AddTo(command);
        command.Options.Add(json);
        command.Options.Add(tracePath);
        command.SetAction(parsed =>
        {
            var choice = modelFlags.Bind(parsed);
            var method = guardFlags.Bind(parsed, terminal, choice.Critic is not null);
            var text = PromptText.Read(parsed.GetValue(prompt), terminal.In);
            ChatMessage[] messages = [.. parsed.GetValue(system) is { } said ? [new("system", said)] : (ChatMessage[])[], new("user", text)];
            using var session = Session.Open(terminal, choice, method);
            using var trace = parsed.GetValue(tracePath) is { } path ? DecodeTrace.Create(path) : null;

            var isJson = parsed.GetValue(json);
            var answer = session.Answer(messages, null, trace, terminal.ShowsProgress && !isJson);
            if (isJson)
                terminal.WriteLine(JsonSerializer.Serialize(AnswerReport.Of(answer, session), AppJson.Readable.AnswerReport));
            else
            {
                terminal.WriteForeign(answer.Text);
                terminal.WriteAside(AnswerSummary.Of(answer, session.IsChecked, session.Device));
            }
            return CommandLine.Ok;
        });
        return command;
    }
}

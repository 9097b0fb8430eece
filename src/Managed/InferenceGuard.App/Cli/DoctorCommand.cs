// `doctor`: one verdict for each thing that can be wrong.

using System.CommandLine;
using InferenceGuard.App.Cli.Doctor;
using Spectre.Console;

namespace InferenceGuard.App.Cli;

/// <summary>Says what is wrong before a generation fails on it.</summary>
internal static class DoctorCommand
{
    public static Command Create(Terminal terminal)
    {
        var (modelFlags, guardFlags) = (new ModelFlags(), new GuardFlags());
        var command = new Command("doctor", "Check all that a generation needs, with a memory plan for a model and its options.");
        modelFlags.AddTo(command, takesCritic: true);
        guardFlags.AddTo(command);
        command.SetAction(parsed =>
        {
            var broken = 0;
            foreach (var verdict in Checkup.Of(modelFlags.Bind(parsed), guardFlags.Bind(parsed, terminal)))
            {
                Write(terminal, verdict);
                broken += verdict.Health == Health.Broken ? 1 : 0;
            }
            terminal.WriteLine(broken == 0 ? "A generation will work." : $"A generation will fail: {broken} {(broken == 1 ? "thing is" : "things are")} wrong.");
            return broken == 0 ? CommandLine.Ok : (int)GuardFault.Environment;
        });
        return command;
    }

    private static void Write(Terminal terminal, Verdict verdict)
    {
        var (word, color) = verdict.Health switch
        {
            Health.Good => ("ok", Color.Green),
            Health.Absent => ("absent", Color.Grey),
            _ => ("wrong", Color.Red),
        };
        terminal.Out.Write(new Text($"{word,-8}", color));
        terminal.WriteForeign($"{verdict.Subject,-16}{verdict.Finding}");
    }
}

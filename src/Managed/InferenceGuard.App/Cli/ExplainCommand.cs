// `explain`: why a search answered what it did.

using System.CommandLine;
using InferenceGuard.App.Cli.Explain;

namespace InferenceGuard.App.Cli;

/// <summary>Shows a trace as a tree.</summary>
internal static class ExplainCommand
{
    public static Command Create(Terminal terminal)
    {
        var file = new Argument<string>("FILE") { Description = "A file written by --trace." };
        var all = new Option<bool>("--all") { Description = "Show every beam, outscored ones and duplicates too." };
        var command = new Command("explain", "Show a trace as a tree: blocks, attempts, beams, and why each was kept or not.") { file, all };
        command.SetAction(parsed =>
        {
            foreach (var generation in TracedGeneration.ReadAll(parsed.GetRequiredValue(file)))
                terminal.Out.Write(TraceTree.Of(generation, parsed.GetValue(all)));
            return CommandLine.Ok;
        });
        return command;
    }
}

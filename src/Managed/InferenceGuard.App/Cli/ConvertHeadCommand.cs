// `convert-head`: the score head of a Hugging Face checkpoint as a file for gguf-head.

using System.CommandLine;
using System.Globalization;
using InferenceGuard.Scoring;
using InferenceGuard.Storage;

namespace InferenceGuard.App.Cli;

/// <summary>Takes the score head out of a Hugging Face checkpoint.</summary>
internal static class ConvertHeadCommand
{
    public static Command Create(Terminal terminal)
    {
        var checkpoint = new Option<string>("--checkpoint") { HelpName = "DIR", Description = "The checkpoint: config.json, and safetensors or PyTorch files.", Required = true };
        var output = new Option<string>("--out") { HelpName = "HEAD.safetensors", Description = "The head.", Required = true };
        var kind = new Option<string>("--kind") { Description = "What it scores.", Required = true };
        kind.AcceptOnlyFromAmong("cost", "reward");
        var template = new Option<string?>("--template") { HelpName = "TEXT", Description = "How a conversation is laid out: a text with {prompt} and {answer}, and {bos}, {eos}; or chat. Known for the safe-rlhf family." };
        var tensor = new Option<string?>("--tensor") { HelpName = "NAME", Description = "The head's weight, where its name is unusual." };
        var command = new Command("convert-head", "Take the score head out of a Hugging Face checkpoint, such as one of the safe-rlhf family.") { checkpoint, output, kind, template, tensor };
        command.SetAction(parsed =>
        {
            var head = CheckpointHead.Read(CheckpointFolder.Open(parsed.GetRequiredValue(checkpoint)), parsed.GetRequiredValue(kind), parsed.GetValue(tensor), parsed.GetValue(template));
            ScoreHeadFile.Write(parsed.GetRequiredValue(output), head.Head, parsed.GetRequiredValue(kind), head.Template);
            Report(terminal, head, parsed.GetRequiredValue(kind), parsed.GetRequiredValue(output));
            return CommandLine.Ok;
        });
        return command;
    }

    private static void Report(Terminal terminal, CheckpointHead head, string kind, string output)
    {
        terminal.WriteForeign($"weight      {head.Weight}");
        terminal.WriteForeign($"bias        {head.Bias?.ToString() ?? "none"}");
        terminal.WriteLine("normaliser  " + (!head.IsNormalised ? "none: config.json does not say do_normalize"
            : string.Create(CultureInfo.InvariantCulture, $"{(kind == "cost" ? "score" : $"(score − {head.Head.Mean:G6})")} / {head.Head.Deviation:G6}")));
        terminal.WriteForeign($"template    {head.Template}");
        terminal.WriteLine($"Convert the rest of the checkpoint to GGUF as a causal language model, without {head.Weight.Name} and any normaliser; with that file as TRUNK.gguf:");
        terminal.WriteLine($"inferenceguard generate --{kind} gguf-head:TRUNK.gguf,{output} \"…\"");
    }
}

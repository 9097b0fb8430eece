// `info`: what a GGUF file holds, without running it.

using System.CommandLine;
using System.Globalization;
using InferenceGuard.Compute;
using InferenceGuard.Model;

namespace InferenceGuard.App.Cli;

/// <summary>Says what a GGUF file holds. Only its header and vocabulary are loaded.</summary>
internal static class InfoCommand
{
    public static Command Create(Terminal terminal)
    {
        var file = new Argument<string?>("F.gguf") { HelpName = "F.gguf", Description = "The file, or the name of an embedded model.", Arity = ArgumentArity.ZeroOrOne };
        var device = new Option<bool>("--device") { Description = "Show the devices for the per-beam work instead." };
        var command = new Command("info", "Show what a GGUF file holds, or which devices there are.") { file, device };
        file.CompletionSources.Add(static _ => HearthModel.All.Select(static model => new System.CommandLine.Completions.CompletionItem(model.Name)));
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(device))
            {
                foreach (var (name, value) in Devices())
                    terminal.WriteForeign($"{name,-15}{value}");
                return CommandLine.Ok;
            }
            var given = parsed.GetValue(file) ?? throw new GuardException(GuardFault.Usage, "info needs a GGUF file, or --device; give one, such as info model.gguf.");
            using var model = LlamaCppModel.Load(HearthModel.Find(given)?.ModelPath ?? given, new() { VocabularyOnly = true });
            foreach (var (name, value) in Facts(model))
                terminal.WriteForeign($"{name,-15}{value}");
            return CommandLine.Ok;
        });
        return command;
    }

    private static IEnumerable<(string Name, string Value)> Devices()
    {
        using var cpu = new CpuCompute();
        yield return ("CPU", cpu.Device);
        yield return ("CUDA seam", Engines.Cuda.Name);
        foreach (var gpu in CudaCompute.Devices(Engines.Cuda))
            yield return ("GPU", gpu);
        yield return CudaCompute.WhyNot(Engines.Cuda) is { } reason ? ("no GPU", reason) : ("kernels", $"compiled by {CudaCompute.Compiler(Engines.Cuda)}");
        using var chosen = DeviceChoice.Auto.Open(CriticPrecision.Auto, binding: Engines.Cuda);
        yield return ("auto", chosen.Device);
    }

    private static IEnumerable<(string Name, string Value)> Facts(LlamaCppModel model)
    {
        var (info, file, vocabulary) = (model.Info, model.File, model.Vocabulary);
        yield return ("file", $"{info.Path} ({SizeText.Of(file.FileSizeBytes)}, GGUF version {file.Version})");
        yield return ("name", info.Name);
        yield return ("architecture", Text($"{info.Architecture}, {info.LayerCount} layers, width {info.HiddenWidth}"));
        yield return ("weights", Text($"{info.ParameterCount:N0} parameters, {info.Quantization}, {SizeText.Of(info.SizeBytes)}"));
        yield return ("context", Text($"{info.TrainedContextTokens} tokens; {CellSize(info)} per token in the KV cache"));
        yield return ("vocabulary", Text($"{info.VocabularySize} tokens, {VocabularyKind(file)}"));
        yield return ("template", model.ChatTemplate.Name);
        yield return ("begin of text", Token(file, vocabulary.BeginOfText) + (vocabulary.AddsBeginOfText ? ", put before a prompt" : ", not put before a prompt"));
        yield return ("end of turn", Token(file, vocabulary.EndOfText));
        yield return ("ends an answer", string.Join(", ", Enumerable.Range(0, vocabulary.Count).Select(static id => new TokenId(id)).Where(vocabulary.IsEndOfGeneration).Select(id => Token(file, id)).DefaultIfEmpty("no token")));
    }

    private static string CellSize(ModelInfo info) => info.CellSizeBytes > 0 ? SizeText.Of(info.CellSizeBytes) : "an unknown size";

    private static string VocabularyKind(GgufFile file) => (file.Text("tokenizer.ggml.model"), file.Text("tokenizer.ggml.pre")) switch
    {
        ("llama", _) => "SentencePiece",
        ("gpt2", var split) => $"byte-level BPE{(split is null ? "" : $", split as {split}")}",
        (var kind, _) => kind ?? "of unknown kind",
    };

    private static string Token(GgufFile file, TokenId? token) => token is { Value: var id }
        ? Text($"{(file.Strings("tokenizer.ggml.tokens") is { } names && id < names.Count ? names[id] : "token")} ({id})")
        : "none";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

// How much memory a generation needs, and how much there is.

using System.Globalization;
using InferenceGuard.Model;

namespace InferenceGuard.App.Cli.Doctor;

/// <summary>The memory of a generation: weights, KV cells, and logits of all beams.</summary>
/// <param name="WeightsBytes">Size of the weights.</param>
/// <param name="CellsBytes">Size of the KV cache.</param>
/// <param name="LogitsBytes">Size of the logits of N beams and of the kept ones.</param>
internal sealed record MemoryPlan(long WeightsBytes, long CellsBytes, long LogitsBytes)
{
    /// <summary>Length of the prompt that is planned for, in tokens.</summary>
    public const int PromptTokens = 512;

    /// <summary>All of it.</summary>
    public long TotalBytes => WeightsBytes + CellsBytes + LogitsBytes;

    /// <summary>Plans a search as it reserves its cells: a prompt, K answers of D tokens and N blocks of d.</summary>
    public static MemoryPlan Of(ModelInfo model, GuardOptions options)
    {
        long cells = PromptTokens + (long)options.KeptBeams * options.MaxTokens + (long)options.Beams * Math.Min(options.BlockTokens, options.MaxTokens);
        return new(model.SizeBytes, cells * model.CellSizeBytes, (long)(options.Beams + options.KeptBeams) * model.VocabularySize * sizeof(float));
    }

    /// <summary>Compares the plan with the memory there is.</summary>
    public Verdict Judge(GuardOptions options)
    {
        var available = AvailableBytes();
        var need = string.Create(CultureInfo.InvariantCulture, $"{SizeText.Of(TotalBytes)} for N = {options.Beams}, K = {options.KeptBeams} (weights {SizeText.Of(WeightsBytes)}, KV cells {SizeText.Of(CellsBytes)}, logits {SizeText.Of(LogitsBytes)}) of {SizeText.Of(available)} available");
        return TotalBytes <= available
            ? new("memory", Health.Good, need)
            : new("memory", Health.Broken, need + "; lower --beams, --keep or --max-tokens, or give a smaller model");
    }

    /// <summary>Memory that can be had without swapping, as far as this system tells; never more than the process may use.</summary>
    private static long AvailableBytes()
    {
        const string Source = "/proc/meminfo";
        const string Field = "MemAvailable:";
        var limit = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (!File.Exists(Source) || File.ReadLines(Source).FirstOrDefault(static line => line.StartsWith(Field, StringComparison.Ordinal)) is not { } line)
            return limit;
        var words = line[Field.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return long.TryParse(words[0], CultureInfo.InvariantCulture, out var kibibytes) ? Math.Min(limit, kibibytes * 1024) : limit;
    }
}

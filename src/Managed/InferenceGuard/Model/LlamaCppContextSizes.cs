// Context options to sizes for llama.cpp; refuses those on which llama.cpp would end the process.

using InferenceGuard.Interop.Llama;

namespace InferenceGuard.Model;

/// <summary>Makes <see cref="LlamaContextSizes"/>.</summary>
internal static class LlamaCppContextSizes
{
    /// <summary>Sequence ids llama.cpp has.</summary>
    private const int SequenceLimit = 256;

    /// <summary>llama.cpp rounds the cache up to a multiple of this.</summary>
    private const int CellGranule = 256;

    /// <summary>Rows computed at once; no less than <see cref="SequenceLimit"/>, so that a decode step is never cut.</summary>
    private const int MaxPhysicalBatch = 512;

    /// <summary>What llama.cpp notes about a cell (position, sequences), rounded up.</summary>
    private const int CellNotesSizeBytes = 64;

    /// <summary>Checks options and translates them.</summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="model">The model it is for.</param>
    /// <param name="threads">Threads of decode steps and prompts.</param>
    /// <param name="offloadsToGpu">Whether the cache may lie on a GPU, whose memory is not known here.</param>
    /// <exception cref="GuardException">A size is out of range, or beyond the machine's memory.</exception>
    public static LlamaContextSizes From(ContextOptions options, ModelInfo model, int threads, bool offloadsToGpu)
    {
        if (options.MaxSequences is < 1 or > SequenceLimit)
            throw new GuardException(GuardFault.Usage, $"{options.MaxSequences} sequences were asked for; llama.cpp keeps 1 to {SequenceLimit}. Use fewer beams.");
        if (options.BatchTokens < 1)
            throw new GuardException(GuardFault.Usage, $"A batch of {options.BatchTokens} tokens was asked for; give at least 1.");
        if (options.CellCount < options.MaxSequences || options.CellCount > int.MaxValue - CellGranule)
            throw new GuardException(GuardFault.Usage, $"{options.CellCount} cache cells were asked for; give at least one per sequence ({options.MaxSequences}).");

        var cells = (options.CellCount + CellGranule - 1) / CellGranule * CellGranule;
        CheckMemory(cells, options.Exact, model, offloadsToGpu);
        var batch = Math.Min(cells, Math.Max(options.BatchTokens, options.MaxSequences));
        return new(cells, batch, Math.Min(batch, MaxPhysicalBatch), options.MaxSequences, threads, options.Exact);
    }

    /// <summary>The system ends a process that takes more memory than there is; llama.cpp touches all it asks for.</summary>
    private static void CheckMemory(int cells, bool exact, ModelInfo model, bool offloadsToGpu)
    {
        var valuesSizeBytes = offloadsToGpu ? 0 : model.CellSizeBytes * (exact ? 2 : 1);
        var sizeMiB = (UInt128)cells * (ulong)(valuesSizeBytes + CellNotesSizeBytes) >> 20;
        var memoryMiB = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20;
        if (sizeMiB > (ulong)memoryMiB)
            throw new GuardException(GuardFault.Environment, $"{cells} cache cells of {model.Path} take {sizeMiB} MiB and this machine has {memoryMiB} MiB; ask for fewer cells.");
    }
}

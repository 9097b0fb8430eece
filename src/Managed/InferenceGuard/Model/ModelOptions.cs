// How a model file is loaded.

namespace InferenceGuard.Model;

/// <summary>How a model file is loaded.</summary>
public sealed record ModelOptions
{
    /// <summary>Layers kept on the GPU; −1 = all, 0 = none. Ignored by CPU builds of llama.cpp.</summary>
    public int GpuLayers { get; init; } = -1;

    /// <summary>Whether the file is mapped into memory rather than read.</summary>
    public bool MemoryMap { get; init; } = true;

    /// <summary>Decode threads; 0 = one per physical core, never more than the processors of the machine.</summary>
    public int Threads { get; init; }

    /// <summary>Loads vocabulary and metadata only; such a model cannot create a context.</summary>
    public bool VocabularyOnly { get; init; }
}

// How large a cache shared by many searches is.

namespace InferenceGuard.Model;

/// <summary>How large the cache of a <see cref="SharedLanguageModel"/> is.</summary>
public sealed record SharedCacheOptions
{
    /// <summary>KV cells for all searches and cached prompts together.</summary>
    public required int CellCount { get; init; }

    /// <summary>Sequences for all searches and cached prompts together, 2 to 256.</summary>
    public int MaxSequences { get; init; } = 256;

    /// <summary>Prompts whose cells are kept for the next one that begins alike; 0 = none.</summary>
    public int CachedPrompts { get; init; } = 16;

    /// <summary>Cells that cached prompts may hold in all; the least recently used go first.</summary>
    public int CachedCells { get; init; } = 4096;

    /// <summary>Whether decode steps also yield the post-norm hidden state, as critics need it.</summary>
    public bool HiddenStates { get; init; }

    /// <summary>As <see cref="ContextOptions.Exact"/>.</summary>
    public bool Exact { get; init; }
}

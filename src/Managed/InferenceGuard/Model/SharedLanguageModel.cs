// One model and one KV cache for many searches at once: their steps are decoded together.

namespace InferenceGuard.Model;

/// <summary>
/// A model whose contexts are parts of one KV cache, for searches that run at the same time. What several of them ask to be decoded while a decode is running
/// is decoded together next (continuous batching), prompts that begin alike are computed once, and a search that finds no room waits for its turn. Thread-safe.
/// </summary>
public sealed class SharedLanguageModel : ILanguageModel
{
    private readonly LlamaCppModel _model;
    private readonly SharedCache _cache;

    /// <summary>Creates the cache.</summary>
    /// <param name="model">The model; not disposed with this.</param>
    /// <param name="options">Sizes.</param>
    /// <exception cref="GuardException">The sizes are out of range, or memory is short.</exception>
    public SharedLanguageModel(LlamaCppModel model, SharedCacheOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        if (options.CachedPrompts < 0 || options.MaxSequences <= options.CachedPrompts)
            throw new GuardException(GuardFault.Usage, $"{options.MaxSequences} sequences are too few for searches beside {options.CachedPrompts} cached prompts; give more of the former, or fewer of the latter.");
        if (options.CachedCells < 0 || options.CellCount <= options.CachedCells)
            throw new GuardException(GuardFault.Usage, $"A cache of {options.CellCount} cells leaves no room beside {options.CachedCells} cells of cached prompts; enlarge it.");
        _model = model;
        _cache = new(model, options);
    }

    /// <inheritdoc />
    public ModelInfo Info => _model.Info;

    /// <inheritdoc />
    public Vocabulary Vocabulary => _model.Vocabulary;

    /// <inheritdoc />
    public ChatTemplate ChatTemplate => _model.ChatTemplate;

    /// <summary>True: a context is a part of the cache that others wait for.</summary>
    public bool SharesCache => true;

    /// <summary>The cache, for tests of what happens while it is busy.</summary>
    internal SharedCache Cache => _cache;

    /// <summary>What the cache holds and has done.</summary>
    public SharedCacheUsage Usage => _cache.Usage;

    /// <summary>Takes a part of the cache; waits, first come first served, until it is free.</summary>
    /// <param name="options">Cells and sequences of the part; its cancellation token ends the wait.</param>
    /// <exception cref="GuardException">The part is larger than the cache.</exception>
    /// <exception cref="OperationCanceledException">The wait was given up.</exception>
    public ILanguageContext CreateContext(ContextOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.HiddenStates && !_cache.HiddenStates)
            throw new GuardException(GuardFault.Usage, "A search with a critic was begun on a shared cache without hidden states; create the cache with HiddenStates.");
        return new SharedContext(_cache, _cache.Take(options), options);
    }

    /// <summary>Frees the cache; its contexts must be disposed before.</summary>
    public void Dispose() => _cache.Dispose();
}

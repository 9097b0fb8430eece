// Prompts whose cells are kept, for the next prompt that begins alike.

namespace InferenceGuard.Model;

/// <summary>
/// Prompts kept in sequences of their own. Copying a beginning onto another sequence shares its cells and computes nothing. The least recently used go first
/// when there are too many cells or prompts. Guarded by the lock of the <see cref="SharedCache"/>.
/// </summary>
/// <param name="context">The context of all sequences.</param>
/// <param name="firstSequence">The first sequence for prompts.</param>
/// <param name="capacity">How many sequences there are for them.</param>
/// <param name="cellCapacity">Cells they may hold in all, counted as if none were shared.</param>
internal sealed class PromptCache(LlamaCppContext context, int firstSequence, int capacity, int cellCapacity)
{
    private readonly List<Entry> _entries = []; // Most recently used last.
    private readonly Stack<int> _free = new(Enumerable.Range(firstSequence, capacity));

    /// <summary>Cells of the kept prompts.</summary>
    public int CellCount { get; private set; }

    /// <summary>Tokens that were taken from kept prompts.</summary>
    public long ReusedTokens { get; private set; }

    /// <summary>Begins an empty sequence with the longest beginning that a kept prompt has in common with a new one.</summary>
    /// <returns>Its length in tokens.</returns>
    public int Reuse(SequenceId sequence, ReadOnlySpan<TokenId> tokens)
    {
        var (best, length) = ((Entry?)null, 0);
        foreach (var entry in _entries)
            if (tokens.CommonPrefixLength(entry.Tokens) is var common && common > length)
                (best, length) = (entry, common);
        if (best is null)
            return 0;
        context.ForkPrefix(best.Sequence, sequence, length);
        Touch(best);
        ReusedTokens += length;
        return length;
    }

    /// <summary>Keeps the prompt that a sequence holds.</summary>
    public void Keep(SequenceId sequence, ReadOnlySpan<TokenId> tokens)
    {
        if (capacity == 0 || tokens.IsEmpty || tokens.Length > cellCapacity)
            return;
        foreach (var entry in _entries)
            if (entry.Tokens.AsSpan().StartsWith(tokens))
            {
                Touch(entry);
                return;
            }
        // A prompt that the new one goes on from serves nobody any more: conversations grow.
        for (var at = _entries.Count - 1; at >= 0; at--)
            if (tokens.StartsWith(_entries[at].Tokens))
                Forget(at);
        while (_free.Count == 0 || CellCount + tokens.Length > cellCapacity)
            Forget(0);
        var kept = new Entry(new(_free.Pop()), tokens.ToArray());
        context.Fork(sequence, kept.Sequence);
        CellCount += tokens.Length;
        _entries.Add(kept);
    }

    private void Touch(Entry entry)
    {
        _entries.Remove(entry);
        _entries.Add(entry);
    }

    private void Forget(int at)
    {
        var entry = _entries[at];
        _entries.RemoveAt(at);
        context.Drop(entry.Sequence);
        _free.Push(entry.Sequence.Value);
        CellCount -= entry.Tokens.Length;
    }

    private sealed record Entry(SequenceId Sequence, TokenId[] Tokens);
}

// One KV cache with many sequences: the Forward and Apply verbs of the search.

namespace InferenceGuard.Model;

/// <summary>
/// A KV cache shared by many sequences, and the decode calls on it. One caller at a time.
/// Every argument is checked before the native call, so no argument can end the process.
/// </summary>
public interface ILanguageContext : IDisposable
{
    /// <summary>KV cells of the cache.</summary>
    int CellCapacity { get; }

    /// <summary>Sequence slots that may be used.</summary>
    int MaxSequences { get; }

    /// <summary>Most rows of one <see cref="Decode"/> call.</summary>
    int MaxBatchRows { get; }

    /// <summary>Appends prompt tokens to a sequence without computing logits, in as many native calls as needed.</summary>
    /// <param name="sequence">The slot; its positions continue.</param>
    /// <param name="tokens">Token ids; may be empty.</param>
    /// <param name="cancellation">Honoured within one native call's graph.</param>
    /// <exception cref="GuardException">The cache is full, a token is out of range or the decode failed.</exception>
    void Prefill(SequenceId sequence, ReadOnlySpan<TokenId> tokens, CancellationToken cancellation);

    /// <summary>Decodes all rows of a batch in one native call; each row's logits and hidden state can then be read.</summary>
    /// <param name="batch">Rows of (token, sequences that share it); positions continue each sequence.</param>
    /// <param name="cancellation">Honoured within one step; the batch's cells are then removed again.</param>
    /// <exception cref="GuardException">The cache is full, a row is invalid or the decode failed.</exception>
    void Decode(DecodeBatch batch, CancellationToken cancellation);

    /// <summary>Logits of the last <see cref="Decode"/>: float32[rows, V] in batch order, valid until the next decode.</summary>
    ReadOnlySpan<float> Logits { get; }

    /// <summary>
    /// Hidden states after the final norm of the last <see cref="Decode"/>: float32[rows, H] in batch order, valid until the
    /// next decode; empty unless <see cref="ContextOptions.HiddenStates"/> was asked for.
    /// </summary>
    ReadOnlySpan<float> Hidden { get; }

    /// <summary>Makes <paramref name="target"/> a copy of <paramref name="source"/>; cells are shared, nothing is computed.</summary>
    /// <param name="source">The slot to copy.</param>
    /// <param name="target">The slot to overwrite; its former cells are freed.</param>
    void Fork(SequenceId source, SequenceId target);

    /// <summary>Empties a slot and frees the cells that only it used.</summary>
    /// <param name="sequence">The slot.</param>
    void Drop(SequenceId sequence);

    /// <summary>Tokens in a slot.</summary>
    /// <param name="sequence">The slot.</param>
    int Length(SequenceId sequence);
}

// The rows of one decode call; allocated once, filled anew at every step.

namespace InferenceGuard.Model;

/// <summary>
/// Rows of one decode call. A row is a token and the sequences that continue with it: beams that are still equal
/// share one row, one KV cell and one forward computation. Reused from step to step; adding rows allocates nothing.
/// </summary>
public sealed class DecodeBatch
{
    private readonly TokenId[] _tokens;
    private readonly int[] _firstSequence;
    private readonly SequenceId[] _sequences;

    /// <summary>Creates an empty batch.</summary>
    /// <param name="maxRows">Most rows of one call.</param>
    /// <param name="maxSequences">Most sequences over all rows.</param>
    public DecodeBatch(int maxRows, int maxSequences)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxRows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxSequences, maxRows);
        _tokens = new TokenId[maxRows];
        _firstSequence = new int[maxRows + 1];
        _sequences = new SequenceId[maxSequences];
    }

    /// <summary>Rows added since the last <see cref="Clear"/>.</summary>
    public int Count { get; private set; }

    /// <summary>Removes all rows.</summary>
    public void Clear() => Count = 0;

    /// <summary>Begins a row with its token and first sequence.</summary>
    /// <param name="token">The token that continues the sequence.</param>
    /// <param name="sequence">The slot it continues.</param>
    /// <returns>The row's index: row of the logits and hidden states after the decode.</returns>
    /// <exception cref="InvalidOperationException">The batch is full.</exception>
    public int Add(TokenId token, SequenceId sequence)
    {
        if (Count == _tokens.Length)
            throw new InvalidOperationException($"The batch holds its {_tokens.Length} rows already.");
        _tokens[Count] = token;
        _firstSequence[Count + 1] = _firstSequence[Count];
        Count++;
        Share(sequence);
        return Count - 1;
    }

    /// <summary>Lets one more sequence share the row added last.</summary>
    /// <param name="sequence">A slot whose tokens so far equal those of the row's other sequences, cell by cell.</param>
    /// <exception cref="InvalidOperationException">There is no row yet, or the batch is full.</exception>
    public void Share(SequenceId sequence)
    {
        if (Count == 0 || _firstSequence[Count] == _sequences.Length)
            throw new InvalidOperationException("Add a row before sharing it, and keep to the batch's sequences.");
        _sequences[_firstSequence[Count]++] = sequence;
    }

    /// <summary>The token of a row.</summary>
    /// <param name="row">The row's index.</param>
    public TokenId Token(int row) => _tokens.AsSpan(0, Count)[row];

    /// <summary>The sequences that share a row; at least one.</summary>
    /// <param name="row">The row's index.</param>
    public ReadOnlySpan<SequenceId> Sequences(int row) =>
        _sequences.AsSpan(_firstSequence[row], _firstSequence[row + 1] - _firstSequence[row]);
}

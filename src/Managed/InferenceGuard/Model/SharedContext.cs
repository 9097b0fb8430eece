// A search's part of a shared cache.

namespace InferenceGuard.Model;

/// <summary>
/// A part of a <see cref="SharedCache"/>: slots of its own, mapped to sequences of the cache, and copies of its own rows of outputs. Forks and drops
/// are bookkeeping, and wait for the next decode, so that a search takes the cache's lock once per step.
/// </summary>
internal sealed class SharedContext(SharedCache cache, int[] sequences, ContextOptions options) : ILanguageContext
{
    private readonly DecodeRequest _request = new(sequences.Length);
    private readonly int[] _lengths = new int[sequences.Length];
    private bool _disposed;

    public int CellCapacity => options.CellCount;

    public int MaxSequences => sequences.Length;

    public int MaxBatchRows => sequences.Length;

    public ReadOnlySpan<float> Logits => Readable(_request.Logits);

    public ReadOnlySpan<float> Hidden => options.HiddenStates ? Readable(_request.Hidden) : [];

    public void Prefill(SequenceId sequence, ReadOnlySpan<TokenId> tokens, CancellationToken cancellation)
    {
        var slot = Slot(sequence);
        LlamaCppContext.CheckPrompt(_lengths[slot] + tokens.Length, CellCapacity);
        _request.Forget();
        cache.Prefill(_request, sequences[slot], tokens, begins: _lengths[slot] == 0, cancellation);
        _lengths[slot] += tokens.Length;
    }

    public void Decode(DecodeBatch batch, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(batch);
        cancellation.ThrowIfCancellationRequested();
        _request.Fill(batch, row => sequences[Slot(row)]);
        cache.Decode(_request, cancellation);
        for (var row = 0; row < batch.Count; row++)
            foreach (var sequence in batch.Sequences(row))
                _lengths[sequence.Value]++;
    }

    public void Fork(SequenceId source, SequenceId target)
    {
        var (from, to) = (Slot(source), Slot(target));
        if (from == to)
            return;
        _request.Moves.Add((sequences[from], sequences[to]));
        _lengths[to] = _lengths[from];
    }

    public void Drop(SequenceId sequence)
    {
        var slot = Slot(sequence);
        if (_lengths[slot] == 0)
            return;
        _request.Moves.Add((null, sequences[slot]));
        _lengths[slot] = 0;
    }

    public int Length(SequenceId sequence) => _lengths[Slot(sequence)];

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        cache.Return(sequences, options.CellCount);
    }

    private static ReadOnlySpan<float> Readable(ReadOnlySpan<float> outputs) =>
        outputs.IsEmpty ? throw new InvalidOperationException(LlamaCppContext.NothingDecoded) : outputs;

    private int Slot(SequenceId sequence)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return (uint)sequence.Value < (uint)sequences.Length
            ? sequence.Value
            : throw new GuardException(GuardFault.Generation, $"Sequence {sequence.Value} was given; this context has slots 0 to {sequences.Length - 1}.");
    }
}

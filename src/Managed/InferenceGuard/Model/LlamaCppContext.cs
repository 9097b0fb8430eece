// A llama.cpp context: one unified KV cache, many sequences, checked calls.

using InferenceGuard.Interop.Llama;

namespace InferenceGuard.Model;

/// <summary>
/// A KV cache of llama.cpp in unified mode: a prefix shared by sequences is stored once, and forks are bookkeeping only.
/// Positions are tracked here, per sequence; a failed or cancelled call leaves the cache as it was before.
/// </summary>
internal sealed class LlamaCppContext : ILanguageContext
{
    internal const string NothingDecoded = "Decode before reading logits or hidden states.";

    private readonly ILlamaContext _native;
    private readonly ModelInfo _model;
    private readonly LlamaBatchBuffer _batch;
    private readonly AbortSwitch _abort = new();
    private readonly int[] _lengths;
    private readonly int[] _seenInStep;
    private readonly bool _hiddenStates;
    private int _step;
    private int _readableRows;
    private int _inUse;

    public LlamaCppContext(ILlamaModel model, ModelInfo info, int threads, ContextOptions options)
    {
        var sizes = LlamaCppContextSizes.From(options, info, threads, model.OffloadsToGpu);
        _model = info;
        _hiddenStates = options.HiddenStates;
        MaxSequences = options.MaxSequences;

        LlamaLog.Clear();
        _native = model.CreateContext(sizes) ?? throw new GuardException(
            GuardFault.Environment,
            $"llama.cpp cannot make a context of {sizes.Cells} cells (about {sizes.Cells * info.CellSizeBytes >> 20} MiB) for {info.Path}: {LlamaLog.Cause()}. Ask for fewer cells.");
        CellCapacity = _native.CellCount;
        _batch = new LlamaBatchBuffer(_native.BatchTokens, _native.BatchTokens);
        _native.Attach(_abort);
        _lengths = new int[options.MaxSequences];
        _seenInStep = new int[options.MaxSequences];
    }

    public int CellCapacity { get; }

    public int MaxSequences { get; }

    /// <summary>A sequence has at most one row in a step.</summary>
    public int MaxBatchRows => MaxSequences;

    public void Prefill(SequenceId sequence, ReadOnlySpan<TokenId> tokens, CancellationToken cancellation)
    {
        Enter();
        try
        {
            var slot = Slot(sequence);
            var start = _lengths[slot];
            CheckPrompt(start + tokens.Length, CellCapacity);
            foreach (var token in tokens)
                CheckToken(token);
            SetHiddenStates(false);
            while (!tokens.IsEmpty)
            {
                var chunk = tokens[..Math.Min(tokens.Length, _batch.MaxRows)];
                _batch.Clear();
                foreach (var token in chunk)
                {
                    _batch.Add(token.Value, _lengths[slot]++, output: false);
                    _batch.Share(slot);
                }

                try
                {
                    Run(chunk.Length, cancellation);
                }
                catch
                {
                    _lengths[slot] = start;
                    _native.Remove(slot, start);
                    throw;
                }

                tokens = tokens[chunk.Length..];
            }
        }
        finally
        {
            Leave();
        }
    }

    public void Decode(DecodeBatch batch, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(batch);
        Enter();
        try
        {
            Fill(batch);
            SetHiddenStates(_hiddenStates);
            try
            {
                Run(batch.Count, cancellation);
            }
            catch
            {
                for (var row = 0; row < batch.Count; row++)
                {
                    foreach (var sequence in batch.Sequences(row))
                        _native.Remove(sequence.Value, _lengths[sequence.Value]);
                }

                throw;
            }

            for (var row = 0; row < batch.Count; row++)
            {
                foreach (var sequence in batch.Sequences(row))
                    _lengths[sequence.Value]++;
            }

            _readableRows = batch.Count;
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>
    /// Appends runs of tokens to several sequences, in as few native calls as the batch size allows, and copies what the last token of
    /// each run gives: its hidden state where those were asked for, else its logits. Only last tokens pay for an output.
    /// </summary>
    /// <param name="batch">The runs.</param>
    /// <param name="outputs">Out: float32[runs, H] or float32[runs, V].</param>
    /// <exception cref="GuardException">The cache is full, a token is out of range, or the decode failed; the sequences are as before.</exception>
    public void Append(AppendBatch batch, Span<float> outputs)
    {
        var starts = new int[batch.Count];
        for (var run = 0; run < batch.Count; run++)
            starts[run] = Length(batch.Sequence(run));
        Enter();
        try
        {
            SetHiddenStates(false);
            var rows = 0;
            _batch.Clear();
            for (var run = 0; run < batch.Count; run++)
                foreach (var token in batch.Tokens(run)[..^1])
                {
                    Add(batch.Sequence(run), token, output: false);
                    if (++rows == _batch.MaxRows)
                        Flush(ref rows);
                }
            Flush(ref rows);
            SetHiddenStates(_hiddenStates);
            for (var first = 0; first < batch.Count; first += _batch.MaxRows)
                ReadLast(batch, first, Math.Min(batch.Count, first + _batch.MaxRows), outputs);
        }
        catch
        {
            for (var run = 0; run < batch.Count; run++)
            {
                _native.Remove(batch.Sequence(run).Value, starts[run]);
                _lengths[batch.Sequence(run).Value] = starts[run];
            }
            throw;
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Takes the last tokens of a sequence away again.</summary>
    /// <param name="sequence">The slot.</param>
    /// <param name="length">Tokens that stay.</param>
    public void Truncate(SequenceId sequence, int length)
    {
        Enter();
        try
        {
            var slot = Slot(sequence);
            if (length >= _lengths[slot])
                return;
            _native.Remove(slot, length);
            _lengths[slot] = length;
        }
        finally
        {
            Leave();
        }
    }

    public ReadOnlySpan<float> Logits => Output(hidden: false);

    public ReadOnlySpan<float> Hidden => _hiddenStates ? Output(hidden: true) : [];

    public void Fork(SequenceId source, SequenceId target)
    {
        Enter();
        try
        {
            var (from, to) = (Slot(source), Slot(target));
            if (from == to)
                return;
            // Copying onto cells that are still there would merge the two sequences without an error.
            _native.Remove(to, 0);
            _native.Copy(from, to, -1);
            _lengths[to] = _lengths[from];
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Makes an empty sequence the beginning of another; cells are shared, nothing is computed.</summary>
    /// <param name="source">The slot to copy from.</param>
    /// <param name="target">An empty slot.</param>
    /// <param name="length">Tokens to copy.</param>
    public void ForkPrefix(SequenceId source, SequenceId target, int length)
    {
        Enter();
        try
        {
            var (from, to) = (Slot(source), Slot(target));
            if (_lengths[to] != 0 || length > _lengths[from])
                throw new GuardException(GuardFault.Generation, $"{length} tokens of slot {from} ({_lengths[from]} tokens) were to begin slot {to} ({_lengths[to]} tokens); it must be empty, and they must be there.");
            _native.Copy(from, to, length);
            _lengths[to] = length;
        }
        finally
        {
            Leave();
        }
    }

    public void Drop(SequenceId sequence)
    {
        Enter();
        try
        {
            var slot = Slot(sequence);
            _native.Remove(slot, 0);
            _lengths[slot] = 0;
        }
        finally
        {
            Leave();
        }
    }

    public int Length(SequenceId sequence) => _lengths[Slot(sequence)];

    /// <summary>Waits for a call in progress on another thread, then frees the cache.</summary>
    public void Dispose()
    {
        if (_native.IsClosed)
            return;
        SpinWait.SpinUntil(() => Interlocked.Exchange(ref _inUse, 1) == 0);
        _native.Dispose();
        Volatile.Write(ref _inUse, 0);
    }

    internal static void CheckPrompt(int tokens, int cells)
    {
        if (tokens > cells)
            throw new GuardException(GuardFault.Usage, $"A prompt of {tokens} tokens was given and the context has {cells} cells; shorten the prompt or enlarge the context.");
    }

    /// <summary>Copies a batch into native memory after checking every row: llama.cpp would abort, or merge sequences silently.</summary>
    private void Fill(DecodeBatch batch)
    {
        if (batch.Count == 0 || batch.Count > MaxBatchRows)
            throw new GuardException(GuardFault.Generation, $"A decode step of {batch.Count} rows was asked for; this context takes 1 to {MaxBatchRows}.");
        _step++;
        _batch.Clear();
        for (var row = 0; row < batch.Count; row++)
        {
            var sequences = batch.Sequences(row);
            var position = _lengths[Slot(sequences[0])];
            CheckToken(batch.Token(row));
            _batch.Add(batch.Token(row).Value, position, output: true);
            foreach (var sequence in sequences)
            {
                var slot = Slot(sequence);
                if (_seenInStep[slot] == _step)
                    throw new GuardException(GuardFault.Generation, $"Sequence {slot} occurs twice in one decode step; give each sequence one token.");
                if (_lengths[slot] != position)
                    throw new GuardException(GuardFault.Generation, $"Row {row} is shared by sequences of {position} and {_lengths[slot]} tokens; only equal sequences can share.");
                _seenInStep[slot] = _step;
                _batch.Share(slot);
            }
        }
    }

    private void Add(SequenceId sequence, TokenId token, bool output)
    {
        CheckToken(token);
        _batch.Add(token.Value, _lengths[sequence.Value]++, output);
        _batch.Share(sequence.Value);
    }

    private void Flush(ref int rows)
    {
        if (rows > 0)
            Run(rows, CancellationToken.None);
        _batch.Clear();
        rows = 0;
    }

    // The last tokens of some runs, and their outputs.
    private void ReadLast(AppendBatch batch, int first, int end, Span<float> outputs)
    {
        for (var run = first; run < end; run++)
            Add(batch.Sequence(run), batch.Tokens(run)[^1], output: true);
        var rows = end - first;
        Flush(ref rows);
        _readableRows = end - first;
        var width = _hiddenStates ? _model.HiddenWidth : _model.VocabularySize;
        Output(_hiddenStates).CopyTo(outputs[(first * width)..]);
    }

    /// <summary>The one place where a status of llama_decode becomes an exception.</summary>
    private void Run(int rows, CancellationToken cancellation)
    {
        _readableRows = 0;
        LlamaLog.Clear();
        int status;
        using (_abort.Arm(cancellation))
            status = _native.Decode(_batch);
        GC.KeepAlive(this);
        switch (status)
        {
            case 0:
                return;
            case 1:
                throw new GuardException(
                    GuardFault.Generation,
                    $"{rows} more tokens do not fit the KV cache of {CellCapacity} cells ({_lengths.Count(n => n > 0)} sequences, the longest of {_lengths.Max()} tokens). Use fewer beams, a shorter answer or a larger context.");
            case 2:
                throw new OperationCanceledException(cancellation);
            default:
                throw new GuardException(GuardFault.Generation, $"llama_decode of {rows} rows failed with status {status}: {LlamaLog.Cause()}");
        }
    }

    /// <summary>All rows of the last step.</summary>
    private ReadOnlySpan<float> Output(bool hidden)
    {
        if (_readableRows == 0)
            throw new InvalidOperationException(NothingDecoded);
        var rows = _native.Output(hidden, _readableRows * (hidden ? _model.HiddenWidth : _model.VocabularySize));
        return !rows.IsEmpty
            ? rows
            : throw new GuardException(GuardFault.Generation, $"llama.cpp has no output for the last step: {LlamaLog.Cause()}");
    }

    /// <summary>With hidden states on, every token is an output: too dear for a prompt, and nothing that a decode step needs.</summary>
    private void SetHiddenStates(bool on) => _native.SetHiddenStates(on);

    private void CheckToken(TokenId token)
    {
        if ((uint)token.Value >= (uint)_model.VocabularySize)
            throw new GuardException(GuardFault.Generation, $"Token {token.Value} is not in the vocabulary of {_model.VocabularySize} tokens.");
    }

    private int Slot(SequenceId sequence) => (uint)sequence.Value < (uint)MaxSequences
        ? sequence.Value
        : throw new GuardException(GuardFault.Generation, $"Sequence {sequence.Value} was given; this context has slots 0 to {MaxSequences - 1}.");

    private void Enter()
    {
        if (Interlocked.Exchange(ref _inUse, 1) != 0)
            throw new InvalidOperationException("This context is in use by another call; give each thread a context of its own.");
        if (_native.IsClosed)
        {
            Leave();
            throw new ObjectDisposedException(nameof(LlamaCppContext));
        }
    }

    private void Leave() => Volatile.Write(ref _inUse, 0);
}

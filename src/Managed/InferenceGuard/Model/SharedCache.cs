// The KV cache that several searches share: who has which part, whose steps are decoded together, and prompts that are kept.

using System.Diagnostics;

namespace InferenceGuard.Model;

/// <summary>
/// One llama.cpp context behind a lock. A search that wants to decode queues its rows and takes the lock; whoever gets it first decodes all that is queued, so
/// that steps that arrive while another is computed go together. Where a step takes long, it waits for those that others are about to queue, for a tenth of a step
/// at most; a search that is alone never waits.
/// </summary>
internal sealed class SharedCache : IDisposable
{
    private readonly Lock _decoding = new();
    private readonly LlamaCppContext _context;
    private readonly List<DecodeRequest> _queue = [];
    private readonly List<DecodeRequest> _round = [];
    private readonly DecodeBatch _batch;
    private readonly PromptCache _prompts;
    private readonly CachePlaces _places;
    private readonly int _batchTokens = new ContextOptions { CellCount = 1, MaxSequences = 1 }.BatchTokens;
    private readonly (int Vocabulary, int Hidden) _width;
    private double _stepMs; // Mean time of a native call, the latest counting most.
    private bool _isDisposed;
    private long _decodes;
    private long _decodedSteps;
    private long _prefilledTokens;

    public SharedCache(LlamaCppModel model, SharedCacheOptions options)
    {
        _context = (LlamaCppContext)model.CreateContext(new()
        {
            CellCount = options.CellCount, MaxSequences = options.MaxSequences, HiddenStates = options.HiddenStates, Exact = options.Exact,
        });
        HiddenStates = options.HiddenStates;
        _width = (model.Info.VocabularySize, model.Info.HiddenWidth);
        _batch = new(options.MaxSequences, options.MaxSequences);
        // The last sequences are those of cached prompts; their cells are taken from the same store.
        var searches = options.MaxSequences - options.CachedPrompts;
        _prompts = new(_context, searches, options.CachedPrompts, options.CachedCells);
        _places = new(searches, _context.CellCapacity - options.CachedCells);
    }

    /// <summary>Whether steps yield hidden states.</summary>
    public bool HiddenStates { get; }

    /// <summary>What it holds and has done.</summary>
    public SharedCacheUsage Usage
    {
        get
        {
            var (cells, sequences, searches, waiting) = _places.Usage;
            lock (_decoding)
                return new(
                    _context.CellCapacity, cells, _prompts.CellCount, _context.MaxSequences, sequences, searches, waiting,
                    _decodes, _decodedSteps, _prefilledTokens, _prompts.ReusedTokens);
        }
    }

    /// <summary>Steps that wait to be decoded.</summary>
    public int QueuedSteps
    {
        get
        {
            lock (_queue)
                return _queue.Count;
        }
    }

    /// <summary>Does something while no step can be decoded.</summary>
    public void WhileBusy(Action action)
    {
        lock (_decoding)
            action();
    }

    /// <summary>Takes sequences and cells, waiting for them in turn.</summary>
    public int[] Take(ContextOptions options) => _places.Take(options.MaxSequences, options.CellCount, options.Cancellation);

    /// <summary>Gives sequences and cells back.</summary>
    public void Return(int[] sequences, int cells)
    {
        lock (_decoding)
            if (!_isDisposed)
                foreach (var sequence in sequences)
                    _context.Drop(new(sequence));
        _places.Return(sequences, cells);
    }

    /// <summary>Appends prompt tokens; what a cached prompt has in common with the beginning of a sequence is not computed again.</summary>
    public void Prefill(DecodeRequest request, int sequence, ReadOnlySpan<TokenId> tokens, bool begins, CancellationToken cancellation)
    {
        var (start, done) = (0, 0);
        lock (_decoding)
        {
            Move(request);
            start = _context.Length(new(sequence));
            if (begins)
                done = _prompts.Reuse(new(sequence), tokens);
        }
        try
        {
            // Chunk by chunk, so that a long prompt does not hold up the steps of others for longer than one.
            while (done < tokens.Length)
            {
                var chunk = tokens.Slice(done, Math.Min(_batchTokens, tokens.Length - done));
                lock (_decoding)
                {
                    _context.Prefill(new(sequence), chunk, cancellation);
                    _prefilledTokens += chunk.Length;
                }
                done += chunk.Length;
            }
        }
        catch
        {
            lock (_decoding)
                if (!_isDisposed)
                    _context.Truncate(new(sequence), start);
            throw;
        }
        if (begins)
            lock (_decoding)
                _prompts.Keep(new(sequence), tokens);
    }

    /// <summary>Decodes a search's rows, together with all others that wait.</summary>
    /// <exception cref="GuardException">A row is invalid, or the decode failed.</exception>
    public void Decode(DecodeRequest request, CancellationToken cancellation)
    {
        lock (_queue)
        {
            _queue.Add(request);
            Monitor.Pulse(_queue);
        }
        lock (_decoding)
            if (!request.IsDone)
                DecodeQueued(cancellation);
        if (request.Error is OperationCanceledException)
            throw new OperationCanceledException(cancellation);
        if (request.Error is { } error)
            throw error is GuardException guard ? new GuardException(guard.Fault, guard.Message, guard) : new GuardException(GuardFault.Generation, error.Message, error);
    }

    public void Dispose()
    {
        _places.Dispose();
        lock (_decoding)
        {
            _isDisposed = true;
            _context.Dispose();
        }
    }

    private void DecodeQueued(CancellationToken cancellation)
    {
        _round.Clear();
        lock (_queue)
        {
            Gather();
            _round.AddRange(_queue);
            _queue.Clear();
        }
        foreach (var request in _round)
            Move(request);
        if (_round.Count == 1)
        {
            DecodeAlone(_round[0], cancellation);
            return;
        }
        try
        {
            DecodeTogether();
        }
        catch (Exception e) when (e is GuardException or InvalidOperationException)
        {
            // Whose fault it is shows when each is decoded by itself; the others go on.
            foreach (var request in _round)
                if (!request.IsDone)
                    DecodeAlone(request, CancellationToken.None);
        }
    }

    // Searches whose steps were decoded together are ready again at nearly the same time: without patience the first would always go alone.
    private void Gather()
    {
        var (searches, begin) = (_places.Usage.Searches, Stopwatch.GetTimestamp());
        while (_queue.Count < searches && (int)(_stepMs / 10 - Stopwatch.GetElapsedTime(begin).TotalMilliseconds) is > 0 and var patienceMs)
            _ = Monitor.Wait(_queue, patienceMs);
    }

    private void Move(DecodeRequest request)
    {
        foreach (var (source, target) in request.Moves)
            if (source is { } from)
                _context.Fork(new(from), new(target));
            else
                _context.Drop(new(target));
        request.Moves.Clear();
    }

    // One search's token must not end the others' step, so a step of several is not interrupted: it lasts as long as one.
    private void DecodeTogether()
    {
        _batch.Clear();
        foreach (var request in _round)
            for (var row = 0; row < request.Batch.Count; row++)
            {
                var sequences = request.Batch.Sequences(row);
                _ = _batch.Add(request.Batch.Token(row), sequences[0]);
                foreach (var sequence in sequences[1..])
                    _batch.Share(sequence);
            }
        Decode(_batch, CancellationToken.None);
        var first = 0;
        foreach (var request in _round)
        {
            Finish(request, first);
            first += request.Batch.Count;
        }
    }

    private void DecodeAlone(DecodeRequest request, CancellationToken cancellation)
    {
        try
        {
            Decode(request.Batch, cancellation);
            Finish(request, 0);
        }
        catch (Exception e) when (e is GuardException or OperationCanceledException or InvalidOperationException)
        {
            request.Fail(e);
        }
    }

    private void Finish(DecodeRequest request, int first)
    {
        var rows = request.Batch.Count;
        request.Finish(
            _context.Logits.Slice(first * _width.Vocabulary, rows * _width.Vocabulary),
            HiddenStates ? _context.Hidden.Slice(first * _width.Hidden, rows * _width.Hidden) : []);
        _decodedSteps++;
    }

    private void Decode(DecodeBatch batch, CancellationToken cancellation)
    {
        var begin = Stopwatch.GetTimestamp();
        _context.Decode(batch, cancellation);
        _stepMs += (Stopwatch.GetElapsedTime(begin).TotalMilliseconds - _stepMs) / 8;
        _decodes++;
    }
}

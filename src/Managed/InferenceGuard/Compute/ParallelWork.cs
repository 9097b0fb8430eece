// Shares numbered pieces of work between the caller and one pool thread per further core, without allocating.

using System.Runtime.ExceptionServices;

namespace InferenceGuard.Compute;

/// <summary>
/// Runs a body for every piece 0…count−1. Which thread takes a piece is a matter of chance, so pieces must not depend on each
/// other; one run at a time.
/// </summary>
internal sealed class ParallelWork : IThreadPoolWorkItem, IDisposable
{
    private readonly Action<int> _body;
    private readonly ManualResetEventSlim _done = new();
    private int _count;
    private int _next;
    private int _active;
    private Exception? _failure;

    /// <param name="body">Does one piece.</param>
    public ParallelWork(Action<int> body) => _body = body;

    /// <summary>Does all pieces, and returns when the last is done.</summary>
    /// <param name="count">How many there are.</param>
    /// <param name="threads">Most threads at work, the caller's included.</param>
    /// <remarks>When a piece throws, on whatever thread, no further one is begun, and the first exception is thrown here.</remarks>
    public void Run(int count, int threads)
    {
        threads = Math.Min(Math.Min(threads, Environment.ProcessorCount), count);
        (_count, _next, _active) = (count, 0, Math.Max(1, threads));
        _done.Reset();
        for (var helper = 1; helper < threads; helper++)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        Execute();
        _done.Wait();
        if (Interlocked.Exchange(ref _failure, null) is { } failure)
            ExceptionDispatchInfo.Throw(failure);
    }

    /// <inheritdoc />
    public void Execute()
    {
        try
        {
            while (Interlocked.Increment(ref _next) - 1 is var piece && piece < _count)
                _body(piece);
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref _failure, e, null);
            Volatile.Write(ref _next, _count);
        }
        if (Interlocked.Decrement(ref _active) == 0)
            _done.Set();
    }

    /// <inheritdoc />
    public void Dispose() => _done.Dispose();
}

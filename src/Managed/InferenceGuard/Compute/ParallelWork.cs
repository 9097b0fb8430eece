// Shares numbered pieces of work between the caller and one pool thread per further core, without allocating.

using System.Runtime.ExceptionServices;

namespace InferenceGuard.Compute;

/// <summary>
/// Runs a body for every piece 0…count−1. Which thread takes a piece is a matter of chance, so pieces must not depend on each
/// other; one run at a time. Nobody waits for a thread that has not begun: where the others are quicker, it finds nothing left.
/// </summary>
internal sealed class ParallelWork : IThreadPoolWorkItem, IDisposable
{
    private readonly Action<int> _body;
    private readonly ManualResetEventSlim _done = new();
    private int _count;
    private int _next;
    private int _most;
    private int _active; // Threads at work; at 0 the run is over, and who comes later goes away.
    private int _asked;  // Pool threads that have not come yet, be it from a run that is over.
    private Exception? _failure;

    /// <param name="body">Does one piece.</param>
    public ParallelWork(Action<int> body) => _body = body;

    /// <summary>Does all pieces, and returns when the last is done.</summary>
    /// <param name="count">How many there are.</param>
    /// <param name="threads">Most threads at work, the caller's included.</param>
    /// <remarks>When a piece throws, on whatever thread, no further one is begun, and the first exception is thrown here.</remarks>
    public void Run(int count, int threads)
    {
        (_count, _next, _most) = (count, 0, Math.Min(Math.Min(threads, Environment.ProcessorCount), count));
        _done.Reset();
        Volatile.Write(ref _active, 1);
        while (Volatile.Read(ref _asked) < _most - 1)
        {
            Interlocked.Increment(ref _asked);
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
        if (!Work())
            _done.Wait();
        if (Interlocked.Exchange(ref _failure, null) is { } failure)
            ExceptionDispatchInfo.Throw(failure);
    }

    /// <inheritdoc />
    public void Execute()
    {
        Interlocked.Decrement(ref _asked);
        for (var active = Volatile.Read(ref _active); active > 0 && active < _most; active = Volatile.Read(ref _active))
            if (Interlocked.CompareExchange(ref _active, active + 1, active) == active)
            {
                if (Work())
                    _done.Set();
                return;
            }
    }

    /// <inheritdoc />
    public void Dispose() => _done.Dispose();

    // Whether this thread was the last.
    private bool Work()
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
        return Interlocked.Decrement(ref _active) == 0;
    }
}

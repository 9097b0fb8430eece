// Which request is searched for next: callers take turns, and what finds no place is turned away.

using System.Diagnostics;

namespace InferenceGuard.App.Server;

/// <summary>
/// Runs searches on P threads. Jobs wait in a queue per caller, and callers take turns, so that one with a hundred requests does not keep out one with a single request.
/// </summary>
internal sealed class Scheduler : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _ready = new(0);
    private readonly LinkedList<(string Caller, Queue<SearchJob> Jobs)> _turns = [];
    private readonly Thread[] _workers;
    private readonly int _capacity;
    private readonly TimeProvider _clock;
    private int _waiting;
    private int _running;
    private long _busyTicks;
    private long _finished;
    private bool _isClosed;

    /// <summary>Starts the threads.</summary>
    /// <param name="open">Opens a decoder for a thread, by its number.</param>
    /// <param name="parallel">P.</param>
    /// <param name="capacity">Jobs that may wait.</param>
    /// <param name="clock">What deadlines are read on.</param>
    public Scheduler(Func<int, GuardedDecoder> open, int parallel, int capacity, TimeProvider clock)
    {
        (_capacity, _clock) = (capacity, clock);
        // All decoders are opened here, so that what is wrong with a device is known before the first request.
        var decoders = Enumerable.Range(0, parallel).Select(open).ToArray();
        _workers = [.. decoders.Select((decoder, number) => new Thread(() => Work(decoder)) { IsBackground = true, Name = $"search {number}" })];
        foreach (var worker in _workers)
            worker.Start();
    }

    /// <summary>Jobs that wait.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Jobs that run.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Whether it takes no more jobs.</summary>
    public bool IsClosed => Volatile.Read(ref _isClosed);

    /// <summary>After what time a caller who was turned away may find a place: that of the queue at the mean speed so far.</summary>
    public TimeSpan RetryAfter
    {
        get
        {
            var mean = Interlocked.Read(ref _finished) is > 0 and var count ? TimeSpan.FromTicks(Interlocked.Read(ref _busyTicks) / count) : TimeSpan.FromSeconds(1);
            var seconds = Math.Ceiling((mean * Waiting / _workers.Length).TotalSeconds);
            return TimeSpan.FromSeconds(Math.Clamp(seconds, 1, 60));
        }
    }

    /// <summary>Queues jobs that belong together: all of them, or none.</summary>
    /// <exception cref="ApiException">The queue is full, or the server is shutting down.</exception>
    public void Submit(IReadOnlyList<SearchJob> jobs)
    {
        lock (_gate)
        {
            if (_isClosed)
                throw ApiException.ShuttingDown();
            if (!HasPlace(jobs.Count))
                ForgetGivenUp();
            if (!HasPlace(jobs.Count))
                throw ApiException.Busy(RetryAfter);
            foreach (var job in jobs)
            {
                var turn = _turns.FirstOrDefault(turn => turn.Caller == job.Caller).Jobs;
                if (turn is null)
                    _turns.AddLast((job.Caller, turn = new()));
                turn.Enqueue(job);
                _waiting++;
            }
        }
        _ready.Release(jobs.Count);
    }

    /// <summary>Takes no more jobs, and waits for those that it has.</summary>
    /// <returns>Whether all ended in time.</returns>
    public bool Drain(TimeSpan patience)
    {
        lock (_gate)
            _isClosed = true;
        var begin = Stopwatch.GetTimestamp();
        while (Waiting + Running > 0 && Stopwatch.GetElapsedTime(begin) < patience)
            Thread.Sleep(20);
        return Waiting + Running == 0;
    }

    /// <summary>Ends the threads; jobs that still wait are given up.</summary>
    public void Dispose()
    {
        lock (_gate)
            _isClosed = true;
        _ready.Release(_workers.Length);
        foreach (var worker in _workers)
            worker.Join();
        _ready.Dispose();
    }

    private bool HasPlace(int jobs) => _waiting + _running + jobs <= _capacity + _workers.Length;

    // Clients that have left do not keep out those who come.
    private void ForgetGivenUp()
    {
        for (var turn = _turns.First; turn is not null;)
        {
            var (next, jobs) = (turn.Next, turn.Value.Jobs);
            for (var left = jobs.Count; left > 0; left--)
                if (jobs.Dequeue() is var job && job.IsGivenUp())
                    _waiting--;
                else
                    jobs.Enqueue(job);
            if (jobs.Count == 0)
                _turns.Remove(turn);
            turn = next;
        }
    }

    private void Work(GuardedDecoder decoder)
    {
        using (decoder)
            while (true)
            {
                _ready.Wait();
                if (Next() is not { } job)
                {
                    if (IsClosed)
                        return;
                    continue; // It was given up.
                }
                var begin = Stopwatch.GetTimestamp();
                job.Run(decoder, _clock);
                Interlocked.Add(ref _busyTicks, Stopwatch.GetElapsedTime(begin).Ticks);
                Interlocked.Increment(ref _finished);
                Interlocked.Decrement(ref _running);
            }
    }

    private SearchJob? Next()
    {
        lock (_gate)
        {
            if (_turns.First is not { } turn)
                return null;
            _turns.RemoveFirst();
            var job = turn.Value.Jobs.Dequeue();
            if (turn.Value.Jobs.Count > 0)
                _turns.AddLast(turn);
            _waiting--;
            _running++;
            return job;
        }
    }
}

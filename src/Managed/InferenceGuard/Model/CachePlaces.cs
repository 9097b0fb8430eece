// Sequences and cells of a shared cache, handed out first come, first served.

namespace InferenceGuard.Model;

/// <summary>Sequences 0…count−1 and a number of cells, handed out first come, first served.</summary>
internal sealed class CachePlaces(int sequences, int cells) : IDisposable
{
    private readonly object _gate = new();
    private readonly Stack<int> _free = new(Enumerable.Range(0, sequences).Reverse());
    private readonly LinkedList<object> _waiting = [];
    private readonly int _cells = cells;
    private int _freeCells = cells;
    private int _searches;
    private bool _disposed;

    /// <summary>What is taken, and by how many; and how many wait.</summary>
    public (int Cells, int Sequences, int Searches, int Waiting) Usage
    {
        get
        {
            lock (_gate)
                return (_cells - _freeCells, sequences - _free.Count, _searches, _waiting.Count);
        }
    }

    /// <summary>Takes sequences and cells, waiting in turn until there are enough.</summary>
    /// <exception cref="GuardException">There are not so many in all.</exception>
    public int[] Take(int sequenceCount, int cellCount, CancellationToken cancellation)
    {
        if (sequenceCount > sequences || cellCount > _cells)
            throw new GuardException(GuardFault.Usage, $"A search of {sequenceCount} sequences and {cellCount} cells was asked for, and the shared cache has {sequences} and {_cells} for searches; use fewer beams or shorter answers, or enlarge the cache.");
        using var wake = cancellation.UnsafeRegister(static places => ((CachePlaces)places!).Wake(), this);
        lock (_gate)
        {
            var turn = _waiting.AddLast(new object());
            try
            {
                while (_waiting.First != turn || _free.Count < sequenceCount || _freeCells < cellCount)
                {
                    cancellation.ThrowIfCancellationRequested();
                    ObjectDisposedException.ThrowIf(_disposed, this);
                    Monitor.Wait(_gate);
                }
                _freeCells -= cellCount;
                _searches++;
                return [.. Enumerable.Range(0, sequenceCount).Select(_ => _free.Pop())];
            }
            finally
            {
                _waiting.Remove(turn);
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Gives back what <see cref="Take"/> gave.</summary>
    public void Return(int[] taken, int cellCount)
    {
        lock (_gate)
        {
            foreach (var sequence in taken)
                _free.Push(sequence);
            _freeCells += cellCount;
            _searches--;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Ends all waits.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            Monitor.PulseAll(_gate);
        }
    }

    private void Wake()
    {
        lock (_gate)
            Monitor.PulseAll(_gate);
    }
}

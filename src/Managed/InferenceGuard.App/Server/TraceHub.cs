// Traces of the searches that run, for those who watch.

using System.Collections.Concurrent;
using System.Threading.Channels;

namespace InferenceGuard.App.Server;

/// <summary>Keeps the traces of the latest requests, and lets many watch one while it is written.</summary>
internal sealed class TraceHub
{
    private const int MostTraces = 64, MostLines = 2000;

    private readonly ConcurrentDictionary<string, Trace> _traces = new();
    private readonly ConcurrentQueue<string> _order = new();

    /// <summary>Begins a trace.</summary>
    /// <param name="id">Identity of the request.</param>
    /// <returns>Where its lines go; disposed at its end.</returns>
    public Trace Begin(string id)
    {
        var trace = _traces[id] = new();
        _order.Enqueue(id);
        while (_order.Count > MostTraces && _order.TryDequeue(out var oldest))
            _traces.TryRemove(oldest, out _);
        return trace;
    }

    /// <summary>A trace by its request; null if there is none, or it is forgotten.</summary>
    public Trace? Find(string id) => _traces.GetValueOrDefault(id);

    /// <summary>A trace that is being written.</summary>
    internal sealed class Trace : IDisposable
    {
        private readonly Lock _gate = new();
        private readonly List<string> _lines = [];
        private readonly List<Channel<string>> _watchers = [];
        private bool _isDone;

        /// <summary>Adds a line; a trace that grows beyond all bounds loses its later ones.</summary>
        public void Add(string line)
        {
            lock (_gate)
            {
                if (_isDone || _lines.Count >= MostLines)
                    return;
                _lines.Add(line);
                foreach (var watcher in _watchers)
                    _ = watcher.Writer.TryWrite(line);
            }
        }

        /// <summary>All lines so far, and those to come.</summary>
        public ChannelReader<string> Watch()
        {
            var watcher = Channel.CreateUnbounded<string>();
            lock (_gate)
            {
                foreach (var line in _lines)
                    _ = watcher.Writer.TryWrite(line);
                if (_isDone)
                    watcher.Writer.Complete();
                else
                    _watchers.Add(watcher);
            }
            return watcher.Reader;
        }

        public void Dispose()
        {
            lock (_gate)
            {
                _isDone = true;
                foreach (var watcher in _watchers)
                    watcher.Writer.Complete();
                _watchers.Clear();
            }
        }
    }
}

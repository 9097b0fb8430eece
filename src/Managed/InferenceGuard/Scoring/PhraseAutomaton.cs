// Finds many phrases in one pass: an Aho–Corasick automaton over symbols.

namespace InferenceGuard.Scoring;

/// <summary>
/// Finds every pattern in a stream of symbols (Aho and Corasick, "Efficient string matching", CACM 1975), in time linear
/// in the stream whatever the number of patterns. Immutable; the state of a stream is a node number.
/// </summary>
internal sealed class PhraseAutomaton
{
    private readonly int[] _firstEdge; // Edges of a node: [_firstEdge[node], _firstEdge[node + 1]), by symbol.
    private readonly int[] _symbols;
    private readonly int[] _children;
    private readonly int[] _fallback; // The node of the longest proper suffix that begins a pattern too.
    private readonly int[][] _found;

    /// <param name="patterns">Patterns as symbols; a word break is a blank. Every pattern begins with one.</param>
    public PhraseAutomaton(IReadOnlyList<string> patterns)
    {
        var trie = new Dictionary<(int Node, int Symbol), int>();
        var ends = new List<List<int>?> { null };
        for (var pattern = 0; pattern < patterns.Count; pattern++)
        {
            var node = 0;
            foreach (var rune in patterns[pattern].EnumerateRunes())
            {
                if (!trie.TryGetValue((node, rune.Value), out var child))
                {
                    trie.Add((node, rune.Value), child = ends.Count);
                    ends.Add(null);
                }
                node = child;
            }
            (ends[node] ??= []).Add(pattern);
        }

        var edges = trie.OrderBy(static edge => edge.Key).ToArray();
        _symbols = [.. edges.Select(static edge => edge.Key.Symbol)];
        _children = [.. edges.Select(static edge => edge.Value)];
        _firstEdge = new int[ends.Count + 1];
        foreach (var edge in edges)
            _firstEdge[edge.Key.Node + 1]++;
        for (var node = 0; node < ends.Count; node++)
            _firstEdge[node + 1] += _firstEdge[node];
        _fallback = new int[ends.Count];
        _found = [.. ends.Select(static found => found?.ToArray() ?? [])];
        Link();
        Start = Step(0, PhraseText.Break);
    }

    /// <summary>The state before any text: a word may begin.</summary>
    public int Start { get; }

    /// <summary>The state after one more symbol.</summary>
    public int Step(int node, int symbol)
    {
        while (true)
        {
            var first = _firstEdge[node];
            var edge = _symbols.AsSpan(first, _firstEdge[node + 1] - first).BinarySearch(symbol);
            if (edge >= 0)
                return _children[first + edge];
            if (node == 0)
                return 0;
            node = _fallback[node];
        }
    }

    /// <summary>Patterns that end in a state.</summary>
    public ReadOnlySpan<int> Found(int node) => _found[node];

    // Breadth first, so that a node's fallback is complete before its children need it.
    private void Link()
    {
        var queue = new Queue<int>([0]);
        while (queue.TryDequeue(out var node))
            for (var edge = _firstEdge[node]; edge < _firstEdge[node + 1]; edge++)
            {
                var child = _children[edge];
                if (node != 0)
                    _fallback[child] = Step(_fallback[node], _symbols[edge]);
                if (_found[_fallback[child]] is { Length: > 0 } shorter)
                    _found[child] = [.. _found[child], .. shorter];
                queue.Enqueue(child);
            }
    }
}

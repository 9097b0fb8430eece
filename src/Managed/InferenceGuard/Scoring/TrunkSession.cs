// The growing answers of a search, read by a model of its own that keeps what it has read of each.

using InferenceGuard.Model;

namespace InferenceGuard.Scoring;

/// <summary>
/// Scores growing answers by what a model gives at the last token of the laid out conversation. Every slot is a sequence of the model's cache;
/// a new text is tokenized as a whole and only decoded from where it differs from what the sequence holds: the new tokens and what stands
/// behind the answer. So the score is that of the whole text, however it was cut into blocks. A cache that is too small is made anew, twice as large.
/// </summary>
internal sealed class TrunkSession : IScoringSession
{
    private const int SmallestCache = 1024;

    // Room that every slot gets at first: the 128 tokens of an ordinary answer may be more in another vocabulary, and a cache that has to grow reads everything again.
    private const int LikelyAnswerTokens = 160;

    private readonly Trunk _trunk;
    private readonly string _prompt;
    private readonly Slot[] _slots;
    private readonly AppendBatch _appended = new();
    private readonly List<(int Row, int Slot, TokenId[] Tokens)> _pending = [];
    private readonly TokenId[] _rootTokens; // The conversation with an empty answer: decoded once, where every slot begins.
    private LlamaCppContext? _context;
    private float[] _outputs = [];

    public TrunkSession(Trunk trunk, string prompt, int slots)
    {
        (_trunk, _prompt) = (trunk, prompt);
        _slots = [.. Enumerable.Range(0, slots).Select(static _ => new Slot())];
        _rootTokens = trunk.Template.Render(prompt, "");
    }

    /// <summary>Tokens that the model has decoded for this session.</summary>
    public long DecodedTokens { get; private set; }

    /// <inheritdoc />
    public void Extend(ScoringBatch batch, Span<double> scores)
    {
        _pending.Clear();
        for (var row = 0; row < batch.Count; row++)
        {
            var slot = _slots[batch.Slot(row)];
            _pending.Add((row, batch.Slot(row), _trunk.Template.Render(_prompt, slot.Text.Append(batch.Utf8(row), batch.Ended(row)))));
        }
        Reserve();
        _appended.Clear();
        foreach (var (_, index, tokens) in _pending)
        {
            var slot = _slots[index];
            if (slot.Tokens.Length == 0)
            {
                _context!.Fork(Root, new(index));
                slot.Tokens = _rootTokens;
            }
            // The last token is always decoded: its output is the score.
            var kept = Math.Min(tokens.AsSpan().CommonPrefixLength(slot.Tokens), tokens.Length - 1);
            _context!.Truncate(new(index), kept);
            _appended.Add(new(index), tokens.AsSpan(kept));
            slot.Tokens = tokens;
        }
        Decode();
        var width = _trunk.OutputWidth;
        for (var run = 0; run < _pending.Count; run++)
            scores[_pending[run].Row] = _trunk.Read(_outputs.AsSpan(run * width, width));
    }

    /// <inheritdoc />
    public void Fork(int source, int target)
    {
        if (source == target)
            return;
        _slots[target].CopyFrom(_slots[source]);
        _context?.Fork(new(source), new(target));
    }

    /// <inheritdoc />
    public void Drop(int slot)
    {
        _slots[slot].Clear();
        _context?.Drop(new(slot));
    }

    /// <inheritdoc />
    public void Dispose() => _context?.Dispose();

    private SequenceId Root => new(_slots.Length);

    private void Decode()
    {
        var length = _appended.Count * _trunk.OutputWidth;
        if (_outputs.Length < length)
            _outputs = new float[length];
        _context!.Append(_appended, _outputs);
        DecodedTokens += _appended.TokenCount;
    }

    // Cells for all slots as if none shared any: a bound, and so the cache never fills up in the midst of a decode.
    private void Reserve()
    {
        var cells = _rootTokens.Length + _pending.Sum(static row => row.Tokens.Length);
        foreach (var (index, slot) in _slots.Index())
            if (!_pending.Exists(row => row.Slot == index))
                cells += slot.Tokens.Length;
        if (_context is not null && _context.CellCapacity >= cells)
            return;
        _context?.Dispose();
        foreach (var slot in _slots)
            slot.Tokens = []; // Its text stays, and is decoded again when it grows.
        _context = _trunk.Open(Math.Max(SmallestCache, Math.Max(2 * cells, (_slots.Length + 1) * (_rootTokens.Length + LikelyAnswerTokens))), _slots.Length + 1);
        _appended.Clear();
        _appended.Add(Root, _rootTokens);
        Decode();
    }

    // What a slot's answer is, and what the cache holds of its conversation.
    private sealed class Slot
    {
        public GrowingText Text { get; } = new();

        public TokenId[] Tokens { get; set; } = [];

        public void CopyFrom(Slot other)
        {
            Text.CopyFrom(other.Text);
            Tokens = other.Tokens;
        }

        public void Clear()
        {
            Text.Clear();
            Tokens = [];
        }
    }
}

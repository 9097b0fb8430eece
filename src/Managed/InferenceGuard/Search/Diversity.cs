// Pushes a retried block away from what was rejected (M8).

using InferenceGuard.Compute;
using InferenceGuard.Model;

namespace InferenceGuard.Search;

/// <summary>
/// The penalty of (M8): o'_v = o_v − ν F_v. F_v is the share of rejected beams that held token v within
/// <see cref="WindowTokens"/> of the same offset in the block, at most 1; ν grows with the attempt. End-of-generation
/// tokens are never penalised.
/// </summary>
internal sealed class Diversity(int blockTokens, double strength)
{
    /// <summary>How far from its own offset a rejected token still counts.</summary>
    public const int WindowTokens = 2;

    private readonly Dictionary<int, int>[] _counts = [.. Enumerable.Range(0, blockTokens).Select(_ => new Dictionary<int, int>())];
    private readonly TokenPenalty[][] _penalties = [.. Enumerable.Repeat(Array.Empty<TokenPenalty>(), blockTokens)];
    private int _rejectedBeams;
    private int _attempts;

    /// <summary>Forgets all rejections; called when a block begins.</summary>
    public void Clear()
    {
        if (_attempts == 0)
            return;
        (_rejectedBeams, _attempts) = (0, 0);
        for (var offset = 0; offset < _counts.Length; offset++)
        {
            _counts[offset].Clear();
            _penalties[offset] = [];
        }
    }

    /// <summary>Penalties for the tokens at an offset in the block; empty before the first rejection.</summary>
    /// <param name="offset">0 ≤ offset &lt; d.</param>
    public ReadOnlySpan<TokenPenalty> At(int offset) => _penalties[offset];

    /// <summary>Counts the working beams of a failed attempt, and strengthens the penalty.</summary>
    /// <param name="beams">The beams.</param>
    /// <param name="children">Working slots in use.</param>
    public void Reject(BeamSet beams, int children)
    {
        _attempts++;
        _rejectedBeams += children;
        for (var slot = 0; slot < children; slot++)
            Count(beams.BlockTokens(slot));
        for (var offset = 0; offset < _counts.Length; offset++)
            _penalties[offset] = [.. _counts[offset].OrderBy(static pair => pair.Key).Select(Penalty)];
    }

    private TokenPenalty Penalty(KeyValuePair<int, int> count) =>
        new(count.Key, (float)(strength * _attempts * Math.Min(1.0, (double)count.Value / _rejectedBeams)));

    private void Count(ReadOnlySpan<TokenId> tokens)
    {
        for (var offset = 0; offset < _counts.Length; offset++)
            for (var at = Math.Max(0, offset - WindowTokens); at <= Math.Min(tokens.Length - 1, offset + WindowTokens); at++)
                _counts[offset][tokens[at].Value] = _counts[offset].GetValueOrDefault(tokens[at].Value) + 1;
    }
}

// Runs of tokens that are appended to several sequences at once; filled anew for every call.

namespace InferenceGuard.Model;

/// <summary>Runs of tokens, each for a sequence of its own, that are appended together and read at their last token.</summary>
internal sealed class AppendBatch
{
    private readonly List<(SequenceId Sequence, int From)> _runs = [];
    private readonly List<TokenId> _tokens = [];

    /// <summary>Runs added since the last <see cref="Clear"/>.</summary>
    public int Count => _runs.Count;

    /// <summary>Tokens of all runs.</summary>
    public int TokenCount => _tokens.Count;

    /// <summary>Removes all runs.</summary>
    public void Clear()
    {
        _runs.Clear();
        _tokens.Clear();
    }

    /// <summary>Adds a run.</summary>
    /// <param name="sequence">The slot it continues; a slot at most once.</param>
    /// <param name="tokens">At least one token.</param>
    public void Add(SequenceId sequence, ReadOnlySpan<TokenId> tokens)
    {
        ArgumentOutOfRangeException.ThrowIfZero(tokens.Length);
        _runs.Add((sequence, _tokens.Count));
        _tokens.AddRange(tokens);
    }

    /// <summary>The slot of a run.</summary>
    public SequenceId Sequence(int run) => _runs[run].Sequence;

    /// <summary>The tokens of a run.</summary>
    public ReadOnlySpan<TokenId> Tokens(int run) => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_tokens)
        [_runs[run].From..(run + 1 < _runs.Count ? _runs[run + 1].From : _tokens.Count)];
}

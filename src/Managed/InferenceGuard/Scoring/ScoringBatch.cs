// What a block added to each beam, in the three forms scorers need; allocated once, filled anew at every block.

using InferenceGuard.Model;

namespace InferenceGuard.Scoring;

/// <summary>The rows of one <see cref="IScoringSession.Extend"/> call. Reused; the buffers grow to the largest block seen.</summary>
public sealed class ScoringBatch
{
    private readonly int[] _slots;
    private readonly bool[] _ended;
    private readonly (int Token, int Byte)[] _ends;
    private readonly TokenId[] _tokens;
    private readonly float[] _logProbs;
    private byte[] _utf8;
    private int _tokenCount;
    private int _byteCount;

    /// <summary>Creates an empty batch.</summary>
    /// <param name="maxRows">Most rows of one call.</param>
    /// <param name="maxTokensPerRow">Most new tokens of one row.</param>
    public ScoringBatch(int maxRows, int maxTokensPerRow)
    {
        _slots = new int[maxRows];
        _ended = new bool[maxRows];
        _ends = new (int, int)[maxRows + 1];
        _tokens = new TokenId[maxRows * maxTokensPerRow];
        _logProbs = new float[maxRows * maxTokensPerRow];
        _utf8 = new byte[maxRows * maxTokensPerRow * 8];
    }

    /// <summary>Rows added since the last <see cref="Clear"/>.</summary>
    public int Count { get; private set; }

    /// <summary>Removes all rows.</summary>
    public void Clear() => Count = _tokenCount = _byteCount = 0;

    /// <summary>Begins a row.</summary>
    /// <param name="slot">The scoring slot its tokens are appended to.</param>
    /// <param name="ended">Whether the model ended the answer in this block.</param>
    public void Add(int slot, bool ended)
    {
        _slots[Count] = slot;
        _ended[Count] = ended;
        Count++;
        _ends[Count] = (_tokenCount, _byteCount);
    }

    /// <summary>Appends a token to the row begun last.</summary>
    /// <param name="token">The token; end-of-generation tokens are not part of an answer.</param>
    /// <param name="piece">The bytes it stands for.</param>
    /// <param name="logProb">Its log-probability under the unmodified model at temperature 1, in nats.</param>
    public void Append(TokenId token, ReadOnlySpan<byte> piece, float logProb)
    {
        _tokens[_tokenCount] = token;
        _logProbs[_tokenCount++] = logProb;
        if (_byteCount + piece.Length > _utf8.Length)
            Array.Resize(ref _utf8, Math.Max(_utf8.Length * 2, _byteCount + piece.Length));
        piece.CopyTo(_utf8.AsSpan(_byteCount));
        _byteCount += piece.Length;
        _ends[Count] = (_tokenCount, _byteCount);
    }

    /// <summary>The scoring slot of a row.</summary>
    /// <param name="row">The row's index.</param>
    public int Slot(int row) => _slots[row];

    /// <summary>Whether the model ended the answer in this block.</summary>
    /// <param name="row">The row's index.</param>
    public bool Ended(int row) => _ended[row];

    /// <summary>New tokens of a row; empty when the block holds only the end of the answer.</summary>
    /// <param name="row">The row's index.</param>
    public ReadOnlySpan<TokenId> Tokens(int row) => _tokens.AsSpan(_ends[row].Token.._ends[row + 1].Token);

    /// <summary>Log-probability of each new token, in nats.</summary>
    /// <param name="row">The row's index.</param>
    public ReadOnlySpan<float> LogProbs(int row) => _logProbs.AsSpan(_ends[row].Token.._ends[row + 1].Token);

    /// <summary>New text of a row in UTF-8; it may begin or end inside a character.</summary>
    /// <param name="row">The row's index.</param>
    public ReadOnlySpan<byte> Utf8(int row) => _utf8.AsSpan(_ends[row].Byte.._ends[row + 1].Byte);
}

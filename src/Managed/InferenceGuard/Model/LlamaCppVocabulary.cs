// The vocabulary of a llama.cpp model.

using System.Buffers;
using InferenceGuard.Interop.Llama;

namespace InferenceGuard.Model;

/// <summary>The vocabulary of a llama.cpp model. Ids are checked here: llama.cpp ends the process on one that is out of range.</summary>
internal sealed class LlamaCppVocabulary : Vocabulary
{
    private readonly ILlamaModel _model;
    private readonly Lazy<Pieces> _pieces;

    public LlamaCppVocabulary(ILlamaModel model)
    {
        _model = model;
        Count = model.TokenCount;
        BeginOfText = TokenOrNull(model.BeginOfText);
        AddsBeginOfText = BeginOfText is not null && model.AddsBeginOfText;
        // The file says which token ends a text; llama.cpp only guesses, by its spelling, which one ends a turn.
        EndOfText = TokenOrNull(model.EndOfText) ?? TokenOrNull(model.EndOfTurn);
        _pieces = new Lazy<Pieces>(ReadPieces);
    }

    public override int Count { get; }

    public override TokenId? BeginOfText { get; }

    public override bool AddsBeginOfText { get; }

    public override TokenId? EndOfText { get; }

    public override bool IsEndOfGeneration(TokenId token) => _pieces.Value.EndsGeneration[Checked(token)];

    /// <summary>Whether tokenizing puts a blank before a text, as SentencePiece vocabularies do.</summary>
    public bool PutsBlankBefore => Tokenize("a", parseSpecial: false) is [var first, ..] && Piece(first) is [(byte)' ', ..];

    /// <summary>Whether a token is a marker rather than text.</summary>
    public bool IsSpecial(TokenId token)
    {
        const int UnknownControlOrUserDefined = 1 << 0 | 1 << 3 | 1 << 4;
        return (_model.Attributes(Checked(token)) & UnknownControlOrUserDefined) != 0;
    }

    public override ReadOnlySpan<byte> Piece(TokenId token)
    {
        var id = Checked(token);
        var (bytes, ends, _) = _pieces.Value;
        var start = id == 0 ? 0 : ends[id - 1];
        return bytes.AsSpan(start, ends[id] - start);
    }

    public override TokenId[] Tokenize(string text, bool parseSpecial)
    {
        ArgumentNullException.ThrowIfNull(text);
        var tokens = _model.Tokenize(text, parseSpecial)
            ?? throw new GuardException(GuardFault.Generation, $"llama.cpp could not tokenize a text of {text.Length} characters.");
        return Array.ConvertAll(tokens, static id => new TokenId(id));
    }

    private int Checked(TokenId token) => (uint)token.Value < (uint)Count
        ? token.Value
        : throw new ArgumentOutOfRangeException(nameof(token), token.Value, $"The vocabulary has tokens 0 to {Count - 1}.");

    private TokenId? TokenOrNull(int id) => (uint)id < (uint)Count ? new TokenId(id) : null;

    private Pieces ReadPieces()
    {
        var bytes = new ArrayBufferWriter<byte>(Count * 8);
        var ends = new int[Count];
        var endsGeneration = new bool[Count];
        for (var id = 0; id < Count; id++)
        {
            var written = _model.Piece(id, bytes.GetSpan(64));
            if (written < 0)
                written = _model.Piece(id, bytes.GetSpan(-written));
            bytes.Advance(Math.Max(0, written));
            ends[id] = bytes.WrittenCount;
            endsGeneration[id] = _model.EndsGeneration(id);
        }

        return new Pieces(bytes.WrittenSpan.ToArray(), ends, endsGeneration);
    }

    /// <summary>Bytes of all tokens, the end of each, and whether it ends a generation.</summary>
    private sealed record Pieces(byte[] Bytes, int[] Ends, bool[] EndsGeneration);
}

// The vocabulary of a llama.cpp model.

using System.Buffers;
using System.Text;
using InferenceGuard.Interop.Llama;

namespace InferenceGuard.Model;

/// <summary>The vocabulary of a llama.cpp model. Ids are checked here: llama.cpp ends the process on one that is out of range.</summary>
internal sealed unsafe class LlamaCppVocabulary : Vocabulary
{
    // Tokens of a text never outnumber its bytes by more than what a tokenizer adds at the ends.
    private const int SpareTokens = 8;

    private readonly SafeLlamaModelHandle _model;
    private readonly nint _vocabulary;
    private readonly Lazy<Pieces> _pieces;

    public LlamaCppVocabulary(SafeLlamaModelHandle model)
    {
        _model = model;
        _vocabulary = LlamaNative.ModelGetVocab(model);
        Count = LlamaNative.VocabNTokens(_vocabulary);
        BeginOfText = TokenOrNull(LlamaNative.VocabBos(_vocabulary));
        AddsBeginOfText = BeginOfText is not null && LlamaNative.VocabGetAddBos(_vocabulary) != 0;
        // The file says which token ends a text; llama.cpp only guesses, by its spelling, which one ends a turn.
        EndOfText = TokenOrNull(LlamaNative.VocabEos(_vocabulary)) ?? TokenOrNull(LlamaNative.VocabEot(_vocabulary));
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
        using var lease = new Lease(_model);
        return (LlamaNative.VocabGetAttr(_vocabulary, Checked(token)) & UnknownControlOrUserDefined) != 0;
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
        var utf8 = Encoding.UTF8.GetBytes(text);
        var rented = ArrayPool<int>.Shared.Rent(utf8.Length + SpareTokens);
        try
        {
            var count = Tokenize(utf8, rented, parseSpecial);
            if (count < 0)
            {
                ArrayPool<int>.Shared.Return(rented);
                rented = ArrayPool<int>.Shared.Rent(-count);
                count = Tokenize(utf8, rented, parseSpecial);
            }

            return count >= 0
                ? Array.ConvertAll(rented[..count], id => new TokenId(id))
                : throw new GuardException(GuardFault.Generation, $"llama.cpp could not tokenize a text of {utf8.Length} bytes.");
        }
        finally
        {
            ArrayPool<int>.Shared.Return(rented);
        }
    }

    private int Tokenize(ReadOnlySpan<byte> utf8, Span<int> tokens, bool parseSpecial)
    {
        using var lease = new Lease(_model);
        fixed (byte* text = utf8)
        fixed (int* ids = tokens)
            return LlamaNative.Tokenize(_vocabulary, text, utf8.Length, ids, tokens.Length, 0, parseSpecial ? (byte)1 : (byte)0);
    }

    private int Checked(TokenId token) => (uint)token.Value < (uint)Count
        ? token.Value
        : throw new ArgumentOutOfRangeException(nameof(token), token.Value, $"The vocabulary has tokens 0 to {Count - 1}.");

    private TokenId? TokenOrNull(int id) => (uint)id < (uint)Count ? new TokenId(id) : null;

    private Pieces ReadPieces()
    {
        using var lease = new Lease(_model);
        var bytes = new ArrayBufferWriter<byte>(Count * 8);
        var ends = new int[Count];
        var endsGeneration = new bool[Count];
        for (var id = 0; id < Count; id++)
        {
            var written = Piece(id, bytes.GetSpan(64));
            if (written < 0)
                written = Piece(id, bytes.GetSpan(-written));
            bytes.Advance(Math.Max(0, written));
            ends[id] = bytes.WrittenCount;
            endsGeneration[id] = LlamaNative.VocabIsEog(_vocabulary, id) != 0;
        }

        return new Pieces(bytes.WrittenSpan.ToArray(), ends, endsGeneration);
    }

    private int Piece(int id, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
            return LlamaNative.TokenToPiece(_vocabulary, id, start, buffer.Length, 0, 0);
    }

    /// <summary>Bytes of all tokens, the end of each, and whether it ends a generation.</summary>
    private sealed record Pieces(byte[] Bytes, int[] Ends, bool[] EndsGeneration);

    /// <summary>Keeps the model from being freed during a call on its vocabulary.</summary>
    private readonly ref struct Lease
    {
        private readonly SafeLlamaModelHandle _model;

        public Lease(SafeLlamaModelHandle model)
        {
            var held = false;
            model.DangerousAddRef(ref held);
            _model = model;
        }

        public void Dispose() => _model.DangerousRelease();
    }
}

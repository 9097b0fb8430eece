// Text to token ids and back, for one model.

using System.Buffers;
using System.Text;

namespace InferenceGuard.Model;

/// <summary>A model's vocabulary. Thread-safe.</summary>
public abstract class Vocabulary
{
    /// <summary>Vocabulary size V.</summary>
    public abstract int Count { get; }

    /// <summary>The beginning-of-text token, if the model has one.</summary>
    public abstract TokenId? BeginOfText { get; }

    /// <summary>Whether the model wants <see cref="BeginOfText"/> before a prompt.</summary>
    public abstract bool AddsBeginOfText { get; }

    /// <summary>The token that ends a text or turn, if the model has one.</summary>
    public abstract TokenId? EndOfText { get; }

    /// <summary>Whether a token ends the generation (end of text, end of turn).</summary>
    /// <param name="token">The token.</param>
    public abstract bool IsEndOfGeneration(TokenId token);

    /// <summary>Ids of all tokens that end the generation, ascending.</summary>
    public int[] EndTokens => [.. Enumerable.Range(0, Count).Where(token => IsEndOfGeneration(new(token)))];

    /// <summary>The bytes a token stands for; control tokens stand for none. A token may end inside a UTF-8 character.</summary>
    /// <param name="token">The token.</param>
    /// <exception cref="ArgumentOutOfRangeException">The token is not in the vocabulary.</exception>
    public abstract ReadOnlySpan<byte> Piece(TokenId token);

    /// <summary>Text to token ids. No beginning-of-text token is added.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="parseSpecial">Whether spellings of special tokens become those tokens; never true for text a user or model wrote.</param>
    public abstract TokenId[] Tokenize(string text, bool parseSpecial);

    /// <summary>Token ids to text; bytes that form no character become U+FFFD.</summary>
    /// <param name="tokens">Token ids.</param>
    public string Detokenize(ReadOnlySpan<TokenId> tokens)
    {
        var bytes = new ArrayBufferWriter<byte>(Math.Max(16, tokens.Length * 4));
        foreach (var token in tokens)
            bytes.Write(Piece(token));
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }
}

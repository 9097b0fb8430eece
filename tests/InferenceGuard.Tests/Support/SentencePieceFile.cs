// A SentencePiece file that a test writes.

using InferenceGuard.Onnx;

namespace InferenceGuard.Tests.Support;

/// <summary>Writes SentencePiece models. The numbers are those of the fields in sentencepiece_model.proto.</summary>
internal static class SentencePieceFile
{
    /// <summary>Kinds of models.</summary>
    public const int Unigram = 1, Bpe = 2;

    private const int Normal = 1, Unknown = 2, Control = 3;

    /// <summary>A model without normalisation but that of blanks.</summary>
    /// <param name="kind"><see cref="Unigram"/> or <see cref="Bpe"/>.</param>
    /// <param name="special">Pieces that no text has, first; unknown, begin and end are among them.</param>
    /// <param name="roles">Which of them are unknown, begin and end.</param>
    /// <param name="pieces">The other pieces and their scores.</param>
    public static byte[] Write(int kind, string[] special, (int Unknown, int Begin, int End) roles, params (string Text, float Score)[] pieces) =>
    [
        .. special.SelectMany((text, id) => Piece(text, 0, id == roles.Unknown ? Unknown : Control)),
        .. pieces.SelectMany(static piece => Piece(piece.Text, piece.Score, Normal)),
        .. ProtobufField.Of(2,
        [
            .. ProtobufField.Of(3, kind), .. ProtobufField.Of(40, roles.Unknown), .. ProtobufField.Of(41, roles.Begin), .. ProtobufField.Of(42, roles.End), .. ProtobufField.Of(43, -1),
            .. ProtobufField.Of(45, special[roles.Unknown]), .. ProtobufField.Of(46, special[roles.Begin]), .. ProtobufField.Of(47, special[roles.End]),
        ]),
        .. ProtobufField.Of(3, [.. ProtobufField.Of(1, "identity"), .. ProtobufField.Of(3, 1), .. ProtobufField.Of(4, 1), .. ProtobufField.Of(5, 1)]),
    ];

    private static byte[] Piece(string text, float score, int type) =>
        ProtobufField.Of(1, [.. ProtobufField.Of(1, text), .. ProtobufField.Of(2, score), .. ProtobufField.Of(3, type)]);
}

// A classifier's tokenizer, of whatever family its folder holds.

using System.Text.Json;

namespace InferenceGuard.Onnx;

/// <summary>A classifier's tokenizer: plain text to ids, never special tokens, whatever the text says.</summary>
/// <param name="Encode">Ids of a text.</param>
/// <param name="Begin">Id of the token an input begins with.</param>
/// <param name="Separator">Id of the token behind each text.</param>
internal sealed record TextTokens(Func<string, IReadOnlyList<int>> Encode, int Begin, int Separator)
{
    /// <summary>Opens the tokenizer of a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="GuardException">Its files are missing, malformed or of a kind that is not known.</exception>
    public static TextTokens Open(ClassifierFolder folder)
    {
        try
        {
            return Kind(folder) switch
            {
                "WordPiece" => WordPieceTokens.Open(folder),
                "BPE" => ByteLevelTokens.Open(folder),
                "Unigram" => SentencePieceTokens.Open(folder),
                var kind => throw folder.Tokenizer!.Value.Error($"the tokenizer is of the kind \"{kind}\"; known are WordPiece, byte-level BPE and SentencePiece"),
            };
        }
        // What Microsoft.ML.Tokenizers says of files it cannot read.
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or JsonException or KeyNotFoundException or FormatException or IOException
            or Google.Protobuf.InvalidProtocolBufferException or IndexOutOfRangeException or NullReferenceException)
        {
            throw new GuardException(GuardFault.Environment, $"The tokenizer in {folder.Path} is malformed: {e.Message.ReplaceLineEndings(" ").TrimEnd('.')}.", e);
        }
    }

    // A SentencePiece file says more than its copy in tokenizer.json, whose model is "BPE" or "Unigram" then.
    private static string Kind(ClassifierFolder folder) => folder switch
    {
        _ when folder.FirstFile(SentencePieceTokens.Files) is not null => "Unigram",
        { Tokenizer: { } file } => file.Object("model")?.Text("type") ?? "none",
        _ when System.IO.File.Exists(folder.File("vocab.txt")) => "WordPiece",
        _ when System.IO.File.Exists(folder.File("vocab.json")) && System.IO.File.Exists(folder.File("merges.txt")) => "BPE",
        _ => throw new GuardException(GuardFault.Environment, $"{folder.Path} holds no tokenizer that is known: neither tokenizer.json, vocab.txt, vocab.json with merges.txt, nor {string.Join(", ", SentencePieceTokens.Files)}."),
    };
}

// The tokenizer of the RoBERTa family.

using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

namespace InferenceGuard.Onnx;

/// <summary>Byte-level BPE over GPT-2's words, from tokenizer.json or vocab.json and merges.txt.</summary>
internal static partial class ByteLevelTokens
{
    /// <summary>Opens the tokenizer.</summary>
    /// <param name="folder">The folder that holds it.</param>
    public static TextTokens Open(ClassifierFolder folder)
    {
        if (folder.Tokenizer is { } file && !IsByteLevel(file))
            throw file.Error("the tokenizer is a BPE that does not go by bytes and GPT-2's words; known are WordPiece, byte-level BPE and SentencePiece with its .model file");
        var vocabularyFile = folder.Tokenizer?.Object("model")?.Object("vocab") ?? JsonFile.Read(folder.File("vocab.json"))
            ?? throw folder.Tokenizer!.Value.Error("the model has no \"vocab\"");
        var vocabulary = vocabularyFile.Element.EnumerateObject().ToDictionary(static piece => piece.Name, static piece => piece.Value.GetInt32());
        foreach (var added in folder.Tokenizer?.Items("added_tokens") ?? [])
            if (added.Text("content") is { } content && added.Whole("id") is { } id)
                vocabulary.TryAdd(content, (int)id);
        var tokenizer = BpeTokenizer.Create(new BpeOptions(vocabulary)
        {
            ByteLevel = true,
            Merges = [.. folder.Tokenizer?.Object("model")?.Field("merges") is { } merges ? merges.EnumerateArray().Select(Merge) : File.ReadLines(folder.File("merges.txt")).Where(IsMerge)],
            PreTokenizer = new RegexPreTokenizer(Words(), specialTokens: null),
        });
        var prefixes = (folder.Tokenizer?.Object("pre_tokenizer") is { } splitter ? splitter.Flag("add_prefix_space") : folder.TokenizerConfig?.Flag("add_prefix_space")) ?? false;
        return new(
            text => tokenizer.EncodeToIds(prefixes && text.Length > 0 && !char.IsWhiteSpace(text[0]) ? " " + text : text),
            Id("cls_token", "<s>"), Id("sep_token", "</s>"));

        int Id(string role, string usual) => vocabulary.TryGetValue(folder.SpecialToken(role) ?? usual, out var id)
            ? id
            : throw new GuardException(GuardFault.Environment, $"The vocabulary in {folder.Path} has no {folder.SpecialToken(role) ?? usual}, which is its {role}.");
    }

    private static bool IsByteLevel(JsonFile file) =>
        file.Object("pre_tokenizer") is { } splitter && splitter.Text("type") == "ByteLevel" && splitter.Flag("use_regex") != false
        && (file.Object("normalizer") is not { } normalizer || normalizer.Text("type") == "NFC");

    // Written as "a b", or as ["a", "b"] by newer versions.
    private static string Merge(JsonElement merge) =>
        merge.ValueKind == JsonValueKind.String ? merge.GetString()! : $"{merge[0].GetString()} {merge[1].GetString()}";

    private static bool IsMerge(string line) => line.Length > 0 && !line.StartsWith("#version", StringComparison.Ordinal);

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    private static partial Regex Words();
}

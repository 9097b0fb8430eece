// The tokenizer of the BERT family.

using System.Text;
using Microsoft.ML.Tokenizers;

namespace InferenceGuard.Onnx;

/// <summary>WordPiece, from tokenizer.json or vocab.txt.</summary>
internal static class WordPieceTokens
{
    private const string ContinuingPrefix = "##";
    private const int LongestWord = 100;

    /// <summary>Opens the tokenizer.</summary>
    /// <param name="folder">The folder that holds it.</param>
    public static TextTokens Open(ClassifierFolder folder)
    {
        var model = folder.Tokenizer?.Object("model");
        string[] pieces = model is { } inFile ? Listed(inFile) : File.ReadAllLines(folder.File("vocab.txt"));
        if (model?.Text("continuing_subword_prefix") is { } prefix && prefix != ContinuingPrefix)
            throw folder.Tokenizer!.Value.Error($"the prefix of continued words is \"{prefix}\"; it must be {ContinuingPrefix}");
        var ids = new Dictionary<string, int>();
        for (var id = 0; id < pieces.Length; id++)
            ids.TryAdd(pieces[id], id);
        var (cls, sep, unknown) = (Name("cls_token", "[CLS]"), Name("sep_token", "[SEP]"), Name("unk_token", "[UNK]"));
        foreach (var (role, name) in (ReadOnlySpan<(string, string)>)[("cls_token", cls), ("sep_token", sep), ("unk_token", unknown)])
            if (!ids.ContainsKey(name))
                throw new GuardException(GuardFault.Environment, $"The vocabulary in {folder.Path} has no {name}, which is its {role}.");

        var normalizer = folder.Tokenizer?.Object("normalizer");
        var lowers = normalizer?.Flag("lowercase") ?? folder.TokenizerConfig?.Flag("do_lower_case") ?? true;
        var removesAccents = normalizer?.Flag("strip_accents") ?? folder.TokenizerConfig?.Flag("strip_accents") ?? lowers;
        var tokenizer = BertTokenizer.Create(new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', pieces))), new BertOptions
        {
            LowerCaseBeforeTokenization = lowers,
            IndividuallyTokenizeCjk = normalizer?.Flag("handle_chinese_chars") ?? folder.TokenizerConfig?.Flag("tokenize_chinese_chars") ?? true,
            // A text that says [SEP] must not end the text.
            SplitOnSpecialTokens = false,
            MaxInputCharsPerWord = (int)(model?.Whole("max_input_chars_per_word") ?? LongestWord),
            ClassificationToken = cls,
            SeparatorToken = sep,
            UnknownToken = unknown,
            // Neither is ever used, but each must be there.
            PaddingToken = unknown,
            MaskingToken = unknown,
        });
        return new(text => tokenizer.EncodeToIds(removesAccents ? AccentedLetters.Remove(text) : text, addSpecialTokens: false), ids[cls], ids[sep]);

        string Name(string role, string usual) => folder.SpecialToken(role) ?? usual;
    }

    private static string[] Listed(JsonFile model)
    {
        var vocabulary = model.Object("vocab")?.Element ?? throw model.Error("the model has no \"vocab\"");
        var pieces = new string[vocabulary.EnumerateObject().Count()];
        foreach (var piece in vocabulary.EnumerateObject())
            if (piece.Value.TryGetInt32(out var id) && (uint)id < (uint)pieces.Length && pieces[id] is null)
                pieces[id] = piece.Name;
            else
                throw model.Error($"\"vocab\" holds \"{piece.Name}\": {piece.Value.GetRawText()}; ids must go from 0 to {pieces.Length - 1}, each once");
        return pieces;
    }
}

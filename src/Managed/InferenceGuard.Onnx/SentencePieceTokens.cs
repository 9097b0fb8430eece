// The tokenizer of the DeBERTa-v2, XLM-RoBERTa and ALBERT families.

using Microsoft.ML.Tokenizers;

namespace InferenceGuard.Onnx;

/// <summary>SentencePiece, from the file that holds the model.</summary>
internal static class SentencePieceTokens
{
    /// <summary>What the file is called.</summary>
    public static IReadOnlyList<string> Files { get; } = ["spm.model", "sentencepiece.bpe.model", "spiece.model", "tokenizer.model"];

    // fairseq puts four tokens of its own first, in this order, and thereby moves all others by one.
    private static readonly string[] s_fairseq = ["<s>", "<pad>", "</s>", "<unk>"];
    private static readonly string[] s_fairseqFamilies = ["xlm-roberta", "xlm-roberta-xl"];

    private static readonly string[] s_roles = ["cls_token", "sep_token", "pad_token", "bos_token", "eos_token", "mask_token"];

    /// <summary>Opens the tokenizer.</summary>
    /// <param name="folder">The folder that holds it.</param>
    public static TextTokens Open(ClassifierFolder folder)
    {
        var path = folder.FirstFile(Files)
            ?? throw folder.Tokenizer!.Value.Error($"the tokenizer is SentencePiece's, and its file is missing; copy one of {string.Join(", ", Files)} of the original model to the folder");
        using var stream = File.OpenRead(path);
        var tokenizer = SentencePieceTokenizer.Create(stream, addBeginningOfSentence: false, addEndOfSentence: false);
        var isFairseq = s_fairseqFamilies.Contains(folder.ModelType);
        var unknown = Shift(tokenizer.UnknownId);
        var (cls, sep) = (Id("cls_token", isFairseq ? "<s>" : "[CLS]"), Id("sep_token", isFairseq ? "</s>" : "[SEP]"));
        int[] special = [cls, sep, .. s_roles.Select(folder.SpecialToken).OfType<string>().Select(Find).OfType<int>()];
        return new(Encode, cls, sep);

        // SentencePiece itself gives one token for a run of unknown ones. Its BPE can put together a special token from a text that says it.
        IReadOnlyList<int> Encode(string text)
        {
            var ids = new List<int>();
            foreach (var id in tokenizer.EncodeToIds(text, addBeginningOfSentence: false, addEndOfSentence: false))
            {
                var known = Shift(id) is var shifted && special.Contains(shifted) ? unknown : shifted;
                if (known != unknown || ids.Count == 0 || ids[^1] != unknown)
                    ids.Add(known);
            }
            return ids;
        }

        int Shift(int id) => !isFairseq ? id : id == tokenizer.UnknownId ? Array.IndexOf(s_fairseq, "<unk>") : id + 1;

        int? Find(string name) => isFairseq && Array.IndexOf(s_fairseq, name) is >= 0 and var moved ? moved
            : tokenizer.Vocabulary.TryGetValue(name, out var id) ? Shift(id)
            : null;

        int Id(string role, string usual) => Find(folder.SpecialToken(role) ?? usual)
            ?? throw new GuardException(GuardFault.Environment, $"{path} has no {folder.SpecialToken(role) ?? usual}, which is its {role}.");
    }
}

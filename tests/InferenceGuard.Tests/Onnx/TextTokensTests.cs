// Tests of each family of tokenizers against tokens written down by hand, and of what a classifier makes of them.

using System.Text.Json;
using InferenceGuard.Onnx;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Onnx;

public sealed class TextTokensTests
{
    // As in OnnxScorerTests.
    private const double Tolerance = 1e-5;

    private static readonly TinyClassifier Roberta = new(
        ["<s>", "<pad>", "</s>", "<unk>", "m", "i", "x", "\u0120", "\u00C3", "\u00A9", "<", "/", "s", ">", "mi", "mix", "\u0120mix", "!", "'s"], ["safe", "unsafe"])
    {
        HasSegments = false,
        Config = new { model_type = "roberta", max_position_embeddings = 66, pad_token_id = 1 },
    };

    private static readonly string[] Merges = ["m i", "mi x", "\u0120 mix", "' s"];

    private static readonly (string, float)[] Pieces =
    [
        ("\u2581mix", -1), ("\u2581", -3), ("m", -4), ("i", -4), ("x", -4), ("mi", -2.5f), ("mix", -2), ("\u00E9", -4),
        ("[", -4), ("S", -4), ("E", -4), ("P", -4), ("]", -4), ("[S", -4), ("[SE", -4), ("[SEP", -4),
    ];

    [TestCase("mix mix", "mix", "\u0120mix")]
    [TestCase(" mix  mix!", "\u0120mix", "\u0120", "\u0120mix", "!")]
    [TestCase("\u00E9 x", "\u00C3", "\u00A9", "\u0120", "x")]
    [TestCase("</s>", "<", "/", "s", ">", Description = "a text cannot end itself")]
    [TestCase("")]
    public void Score_ByteLevel_IsThatOfTheTokensByHand(string answer, params string[] tokens)
    {
        var folder = Roberta.WriteWithoutTokenizer();
        File.WriteAllText(Path.Combine(folder, "vocab.json"), JsonSerializer.Serialize(Roberta.Vocabulary.Index().ToDictionary(static piece => piece.Item, static piece => piece.Index)));
        File.WriteAllLines(Path.Combine(folder, "merges.txt"), ["#version: 0.2", .. Merges.SkipLast(1)]);
        using var cost = OnnxScorer.OpenCost(folder, new());
        Assert.That(cost.Score("x", answer, ended: true), Is.EqualTo(Roberta.Softmax(Roberta.Ids(["<s>", "x", "</s>", "</s>", .. tokens, "</s>"]), [])[1]).Within(Tolerance));
        Assert.That(() => OnnxScorer.OpenCost(folder, new() { MaxTokens = 65 }), Throws.TypeOf<GuardException>().With.Message.Contains("takes 64"), "positions begin behind the padding");
    }

    [Test]
    public void Score_ByteLevelFromTokenizerFile_IsTheSame([Values] bool addsBlank, [Values] bool mergesArePairs)
    {
        var folder = Roberta.WriteWithoutTokenizer();
        var words = Roberta.Vocabulary.Index().Skip(4).ToDictionary(static piece => piece.Item, static piece => piece.Index);
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), JsonSerializer.Serialize(new
        {
            added_tokens = Roberta.Vocabulary.Take(4).Select(static (content, id) => new { id, content, special = true }),
            normalizer = (object?)null,
            pre_tokenizer = new { type = "ByteLevel", add_prefix_space = addsBlank, trim_offsets = true, use_regex = true },
            model = new { type = "BPE", vocab = words, merges = Merges.SkipLast(1).Select(merge => mergesArePairs ? (object)merge.Split(' ') : merge) },
        }));
        using var cost = OnnxScorer.OpenCost(folder, new());
        string[] tokens = addsBlank ? ["<s>", "\u0120", "x", "</s>", "</s>", "\u0120mix", "!", "</s>"] : ["<s>", "x", "</s>", "</s>", "mix", "!", "</s>"];
        Assert.That(cost.Score("x", "mix!", ended: true), Is.EqualTo(Roberta.Softmax(Roberta.Ids(tokens), [])[1]).Within(Tolerance));
    }

    [TestCase("mix  mix \u00E9", "\u2581mix", "\u2581mix", "\u2581", "\u00E9")]
    [TestCase("zzz mix", "\u2581", "[UNK]", "\u2581mix", Description = "a run of unknown characters is one token")]
    [TestCase("")]
    public void Score_SentencePiece_IsThatOfTheTokensByHand(string answer, params string[] tokens)
    {
        foreach (var kind in new[] { SentencePieceFile.Unigram, SentencePieceFile.Bpe })
            AssertDeberta(kind, answer, tokens);
    }

    [Test]
    public void Score_SentencePieceOfATextThatSpellsASeparator_DoesNotSeparate()
    {
        AssertDeberta(SentencePieceFile.Unigram, "[SEP]", "\u2581", "[SEP", "]");
        AssertDeberta(SentencePieceFile.Bpe, "[SEP]", "\u2581", "[UNK]");
    }

    [Test]
    public void Score_SentencePieceOfXlmRoberta_HasItsTokensMoved()
    {
        TinyClassifier classifier = new(["<s>", "<pad>", "</s>", "<unk>", .. Pieces.Select(static piece => piece.Item1), "<mask>"], ["safe", "unsafe"])
        {
            HasSegments = false,
            Config = new { model_type = "xlm-roberta", max_position_embeddings = 66 },
        };
        var folder = classifier.WriteWithoutTokenizer();
        File.WriteAllBytes(Path.Combine(folder, "sentencepiece.bpe.model"), SentencePieceFile.Write(SentencePieceFile.Unigram, ["<unk>", "<s>", "</s>"], (0, 1, 2), Pieces));
        using var cost = OnnxScorer.OpenCost(folder, new());
        var ids = classifier.Ids("<s>", "\u2581mix", "</s>", "</s>", "\u2581", "<unk>", "\u2581mix", "</s>");
        Assert.That(cost.Score("mix", "zz mix", ended: true), Is.EqualTo(classifier.Softmax(ids, [])[1]).Within(Tolerance));
    }

    [TestCase(null, "M\u00EDX \u00C9 bl\u00E9ach", "mix", "[UNK]", "bleach")]
    [TestCase("""{"strip_accents": false}""", "MIX \u00C9", "mix", "\u00E9")]
    [TestCase("""{"do_lower_case": false}""", "MIX \u00E9 mix", "[UNK]", "\u00E9", "mix")]
    [TestCase("""{"sep_token": {"content": "now"}}""", "mix", "mix", Description = "another separator")]
    public void Score_WordPieceConfigured_IsThatOfTheTokensByHand(string? config, string answer, params string[] tokens)
    {
        var words = TinyClassifier.OfWords;
        var separator = config?.Contains("sep_token", StringComparison.Ordinal) == true ? "now" : "[SEP]";
        var folder = words.Write();
        if (config is not null)
            File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), config);
        using var cost = OnnxScorer.OpenCost(folder, new());
        Assert.That(cost.Score("mix", answer, ended: true),
            Is.EqualTo(words.Softmax(words.Ids("[CLS]", "mix", separator), words.Ids([.. tokens, separator]))[1]).Within(Tolerance));
    }

    [Test]
    public void Score_WordPieceFromTokenizerFile_FollowsItsNormalizer()
    {
        var words = TinyClassifier.OfWords;
        var folder = words.WriteWithoutTokenizer();
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), JsonSerializer.Serialize(new
        {
            normalizer = new { type = "BertNormalizer", lowercase = false, strip_accents = (bool?)null, handle_chinese_chars = true },
            model = new { type = "WordPiece", vocab = words.Vocabulary.Index().Reverse().ToDictionary(static piece => piece.Item, static piece => piece.Index), continuing_subword_prefix = "##" },
        }));
        using var cost = OnnxScorer.OpenCost(folder, new());
        Assert.That(cost.Score("mix", "Mix bleached \u00E9", ended: true),
            Is.EqualTo(words.Softmax(words.Ids("[CLS]", "mix", "[SEP]"), words.Ids("[UNK]", "bleach", "##ed", "\u00E9", "[SEP]"))[1]).Within(Tolerance));
    }

    [TestCase("plain", "plain")]
    [TestCase("\u00DCn\u00EFc\u00F6d\u00E9 \u1EBF", "Unicode e")]
    [TestCase("e\u0301", "e", Description = "a mark of its own")]
    [TestCase("\u0439 \u03AC \u304C", "\u0438 \u03B1 \u304B")]
    [TestCase("\uAC00\uD55C", "\u1100\u1161\u1112\u1161\u11AB")]
    [TestCase("\u00F8 \u4E2D \U0001F642", "\u00F8 \u4E2D \U0001F642", Description = "not accents")]
    public void Remove_Accents_LeavesTheLetters(string text, string plain) => Assert.That(AccentedLetters.Remove(text), Is.EqualTo(plain));

    private static void AssertDeberta(int kind, string answer, params string[] tokens)
    {
        string[] special = ["[PAD]", "[CLS]", "[SEP]", "[UNK]"];
        TinyClassifier classifier = new([.. special, .. Pieces.Select(static piece => piece.Item1)], ["safe", "unsafe"])
        {
            Config = new { model_type = "deberta-v2", max_position_embeddings = 64 },
        };
        var folder = classifier.WriteWithoutTokenizer();
        File.WriteAllBytes(Path.Combine(folder, "spm.model"), SentencePieceFile.Write(kind, special, (3, 1, 2), Pieces));
        using var cost = OnnxScorer.OpenCost(folder, new());
        Assert.That(cost.Score("mix", answer, ended: true),
            Is.EqualTo(classifier.Softmax(classifier.Ids("[CLS]", "\u2581mix", "[SEP]"), classifier.Ids([.. tokens, "[SEP]"]))[1]).Within(Tolerance), $"kind {kind}");
    }
}

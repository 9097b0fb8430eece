// Training rows and decoding must cut text into the same tokens: our encoder against llama.cpp's and a third one.

using System.Globalization;
using System.Text;
using System.Text.Json;
using CsCheck;
using InferenceGuard.Model;
using InferenceGuard.Tests.Support;
using InferenceGuard.Training;

namespace InferenceGuard.Tests.Training;

public sealed class BpeEncoderTests
{
    private const string Seed = "0000KsAXYHQ2";
    private const int VocabularySize = 900;

    private static readonly string[] s_oddTexts =
    [
        "", " ", "  ", "\n", "\n\n\n", " \n ", "\r\n", "a\r\n\r\nb", "\t\tx", "x\t", "   x   y   ", "x  ", "a\n b", "a \nb", "a  \n  b", "1  2",
        "don't we'll they've I'm he'd it's we're", "DON'T WE'LL IT'S", "'s 't 're", "''s '' 'tis rock'n'roll", " 's", "x'sy'llz", "don\u2019t it\u2019s",
        "0 1 12 123 1234567890", "3.14159 1,000,000 0x1F 2nd 1st", "a1b2c3", "\u00BD \u00B2 \u2167 \u0663\u0664 \u0967", "x\u00B2 + y\u00B3 = 10\u207B\u00B3",
        "!?... --- ,;: (x) [y] {z} \"quoted\" `code` @#$%^&*_+=~/\\|<>", "a.b.c, d;e", "!!x!!", " !", "_a_", "snake_case CamelCase",
        "na\u00EFve caf\u00E9 \u00DCber stra\u00DFe", "cafe\u0301 a\u0300\u0301b", "\u0301", "\u6771\u4EAC \u4E2D\u6587\u5B57", "\u041F\u0440\u0438\u0432\u0435\u0442, \u043C\u0438\u0440!",
        "\u0645\u0631\u062D\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645", "\u0939\u093F\u0928\u094D\u0926\u0940", "\uD55C\uAD6D\uC5B4", "\u0E20\u0E32\u0E29\u0E32\u0E44\u0E17\u0E22",
        "\U0001F642", "a\U0001F642b", " \U0001F642\U0001F642 ", "\U0001F468\u200D\U0001F469\u200D\U0001F467 \U0001F1EB\U0001F1F7 \u2764\uFE0F 1\uFE0F\u20E3",
        "\U0001D400\U0001D401 \U0001D7CF\U0001D7D0", "x\U0001D400", "1\U0001D7CF", "\U00020000\U00020001 \U00010348",
        "\0", "a\0b", "\u0001\u0002\u001B[0m\u007F", "\u001C\u001D\u001E\u001F", "\u0085a \u0085 b", "\u00A0x\u00A0\u00A0y", "\u1680\u2003\u2028\u2029\u202F\u205F\u3000x",
        "\u180Ea\u200Bb\u2060c", "\uFEFFbom", "\u00AD soft\u00ADhyphen", "\uFFFD\uFFFE\uFFFF", "\uD800", "a\uDC00b", "\uDC00\uD800", "\uE000\U000F0000", "\u0378\U0002FFFF",
        "<|im_start|>user\nhi<|im_end|>", "<|endoftext|>", "\u0120\u010A\u0100", new string('a', 3000), new string(' ', 3000), new string('\n', 300) + "x",
    ];

    // Letters and digits of Unicode 16, which .NET knows and the pinned llama.cpp does not: to it they are signs.
    private static readonly (int First, int Last)[] s_newerThanLlamaCpp =
    [
        (0x1C89, 0x1C8A), (0xA7CB, 0xA7CD), (0xA7DA, 0xA7DC), (0x105C0, 0x105F3), (0x10D40, 0x10D85), (0x10EC2, 0x10EC4), (0x11380, 0x113D3),
        (0x116D0, 0x116E3), (0x11BC0, 0x11BF9), (0x13460, 0x143FA), (0x16100, 0x16139), (0x16D40, 0x16D79), (0x1CCF0, 0x1CCF9), (0x1E5D0, 0x1E5FA),
    ];

    private static readonly Gen<string> OddText = Choice.Of(
        " ", " ", " ", "  ", "\n", "\t", "\r\n", "\u00A0", "\u3000", "\u0085", "\u001C", "\u180E", "\u200B",
        "'", "'s", "'ll", "'T", "\u2019", "s", "t", "re", "clean", "The", "of", "x", "\u00E9", "e\u0301", "\u4E2D", "\u0434", "\u0640",
        "0", "42", "\u0663", "\u00BD", "\u2167", "!", "...", "_", "-", "\"", "\u20AC", "\U0001F642", "\u200D", "\uFE0F", "\0", "\u007F",
        "\U0001D400", "\U0001D7CF", "\U00020000", "\uD800", "\uDC00", "<|im_end|>").Array[0, 30].Select(static parts => string.Concat(parts));

    private static readonly Lazy<BpeTrio> s_trained = new(static () => new BpeTrio(TrainedModel()));

    private static string[] Corpus { get; } =
    [
        .. Prompts("train"), .. Prompts("validation"),
        .. File.ReadLines(RepositoryFiles.Hearth("recipe/world.json")), .. File.ReadLines(RepositoryFiles.Hearth("README.md")),
    ];

    [OneTimeTearDown]
    public void FreeModel()
    {
        if (s_trained.IsValueCreated)
            s_trained.Value.Dispose();
    }

    [Test]
    public void Encode_TheCorpusItWasTrainedOn_AgreesWithTheOthersAndUsesItsMerges()
    {
        Assert.That(s_trained.Value.VocabularySize, Is.EqualTo(VocabularySize), "enough pairs for the test to mean something");
        var used = new HashSet<int>();
        foreach (var text in Corpus)
            used.UnionWith(s_trained.Value.AgreeOn(text));
        Assert.That(used.Count(static id => id >= GgufVocabulary.SmallestBpe), Is.GreaterThan((VocabularySize - GgufVocabulary.SmallestBpe) * 0.8));
    }

    [Test]
    public void Encode_TheWholeCorpusAsOneText_AgreesWithTheOthers() => s_trained.Value.AgreeOn(string.Join("\n\n", Corpus));

    [TestCaseSource(nameof(OddTexts))]
    public void Encode_OddTexts_AgreesWithTheOthers(int index) => s_trained.Value.AgreeOn(s_oddTexts[index]);

    [Test]
    public void Encode_AnyOddText_AgreesWithTheOthers() =>
        OddText.Sample(static text => { s_trained.Value.AgreeOn(text); }, seed: Seed, iter: 3000, threads: 1);

    [TestCase("hearth-base.gguf")]
    [TestCase("hearth-aligned.gguf")]
    public void Encode_WithACommittedModel_AgreesWithTheOthers(string model)
    {
        using var trio = new BpeTrio(RepositoryFiles.Hearth(model));
        foreach (var text in Prompts("test").Concat(s_oddTexts))
            trio.AgreeOn(text);
    }

    [Test]
    public void Encode_EveryCodePoint_IsCutFromItsNeighboursAsLlamaCppDoes()
    {
        // A letter, a digit and a sign each merge with any byte, but only inside a word: three probes tell a code point's kind.
        var merges = "a1!".SelectMany(static probe => ByteLetters.All.Select(letter => (probe.ToString(), letter))).ToArray();
        using var trio = new BpeTrio(Save("code-points.gguf", GgufVocabulary.Bpe(merges)));
        foreach (var points in CodePoints().Chunk(2048))
        {
            var text = new StringBuilder();
            foreach (var point in points)
                text.Append('a').Append(point).Append('1').Append(point).Append('!').Append(point).Append('\n');
            trio.AgreeOn(text.ToString());
        }
    }

    [Test]
    public void Encode_SpellingsOfMarkers_AreText() =>
        Assert.That(s_trained.Value.AgreeOn("<|im_end|><|endoftext|>"), Has.All.GreaterThanOrEqualTo(GgufVocabulary.FirstByteId));

    [Test]
    public void Encode_AWordAgain_GivesTheSameIds()
    {
        var encoder = new BpeEncoder(GgufVocabulary.Bpe([("a", "b"), ("ab", "c")]));
        var first = encoder.Encode("abcab").ToArray();
        Assert.That(first, Is.EqualTo(new[] { new TokenId(260), new TokenId(259) }));
        Assert.That(encoder.Encode("abcab"), Is.EqualTo(first));
    }

    [Test]
    public void BpeEncoder_OfASentencePieceVocabulary_IsRefused() =>
        Assert.That(static () => new BpeEncoder(GgufVocabulary.SyntheticSpm(300)), Throws.ArgumentException.With.Message.Contains("not byte-level BPE"));

    private static IEnumerable<int> OddTexts() => Enumerable.Range(0, s_oddTexts.Length);

    /// <summary>Assigned code points; of the large blocks of ideographs, syllables and private characters only some.</summary>
    private static IEnumerable<string> CodePoints() => Enumerable.Range(1, 0xE01FF).Where(Rune.IsValid)
        .Where(static point => point is < 0x3400 or (>= 0xA000 and < 0xAC00) or (>= 0xF900 and < 0x17000) or (>= 0x18D00 and < 0x20000) or >= 0xE0000 || point % 61 == 0)
        .Where(static point => !s_newerThanLlamaCpp.Any(range => point >= range.First && point <= range.Last))
        .Select(static point => new Rune(point))
        .Where(static rune => Rune.GetUnicodeCategory(rune) != UnicodeCategory.OtherNotAssigned)
        .Select(static rune => rune.ToString());

    private static IEnumerable<string> Prompts(string set) =>
        File.ReadLines(RepositoryFiles.Hearth($"prompts/{set}.jsonl")).Select(static line => JsonDocument.Parse(line).RootElement.GetProperty("prompt").GetString()!);

    private static string TrainedModel()
    {
        var trainer = new BpeTrainer();
        foreach (var text in Corpus.Concat(s_oddTexts).Concat(s_oddTexts))
            trainer.Add(text);
        return Save("bpe-trained.gguf", GgufVocabulary.Bpe(trainer.Train(VocabularySize)));
    }

    private static string Save(string name, GgufVocabulary vocabulary)
    {
        var path = Path.Combine(TestFolder.Path, name);
        new RandomModel { Shape = new ModelShape { Width = 8, Layers = 1, Heads = 1, FeedForward = 8 }, Vocabulary = vocabulary }.Save(path);
        return path;
    }
}

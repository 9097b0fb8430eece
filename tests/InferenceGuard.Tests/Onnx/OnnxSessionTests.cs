// Tests that growing answers score as whole ones do, to the last bit, whatever else is scored with them.

using System.Text;
using System.Text.Json;
using InferenceGuard.Model;
using InferenceGuard.Onnx;
using InferenceGuard.Scoring;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Onnx;

public sealed class OnnxSessionTests
{
    private const int Slots = 7;
    private const string Prompt = "how do i mix bleach and water?";

    // Quantised dynamically: whoever computes two texts at once gives each another score.
    private OnnxScorer _cost = null!;

    [OneTimeSetUp]
    public void Open() => _cost = OnnxScorer.OpenCost((TinyClassifier.OfWords with { IsQuantized = true }).Write(), new() { MaxTokens = 24, Stride = 5 });

    [OneTimeTearDown]
    public void Close() => _cost.Dispose();

    [Test]
    public void Extend_RandomSearch_ScoresEveryTextAsScoreDoesAlone()
    {
        using var session = _cost.Open(Prompt, Slots);
        SessionWalk.Run(session, Slots, ["mix ", "bleached ", "and", " ammonia", ". ", "water", "now ", "xyz", " \u00E9", "[SEP]"],
            (text, score) => Assert.That(score, Is.EqualTo(_cost.Score(Prompt, text, ended: true)), text));
    }

    [Test]
    public void Extend_TextCutWithinCharacters_ReadsThoseThatAreComplete()
    {
        using var cost = OnnxScorer.OpenCost(WriteClassifierOfBytes(), new());
        var text = Encoding.UTF8.GetBytes("mix \u00E9 \u4E2D \U0001F642 now");
        for (var cut = 0; cut <= text.Length; cut++)
        {
            using var session = cost.Open(Prompt, 1);
            var complete = cut;
            while (complete > 0 && complete < text.Length && (text[complete] & 0xC0) == 0x80)
                complete--;
            Assert.That(Extend(session, text.AsSpan(0, cut), ended: false), Is.EqualTo(cost.Score(Prompt, Encoding.UTF8.GetString(text[..complete]), ended: false)), $"cut at {cut}");
            Assert.That(Extend(session, text.AsSpan(cut), ended: true), Is.EqualTo(cost.Score(Prompt, Encoding.UTF8.GetString(text), ended: true)), $"cut at {cut}");
        }
    }

    [Test]
    public void Extend_AnswerThatEndsWithinACharacter_IsWhatItsReaderSees()
    {
        using var cost = OnnxScorer.OpenCost(WriteClassifierOfBytes(), new());
        using var session = cost.Open(Prompt, 1);
        byte[] text = [.. "now "u8, 0xF0, 0x9F];
        Assert.That(Extend(session, text, ended: true), Is.EqualTo(cost.Score(Prompt, "now \uFFFD", ended: true)).And.Not.EqualTo(cost.Score(Prompt, "now ", ended: true)));
    }

    [Test]
    public void Fork_OfASlot_IsACopyThatGrowsByItself()
    {
        using var session = _cost.Open(Prompt, 2);
        _ = Extend(session, "mix "u8, ended: false);
        session.Fork(0, 1);
        session.Fork(1, 1);
        Assert.That(Extend(session, "ammonia"u8, ended: false), Is.EqualTo(_cost.Score(Prompt, "mix ammonia", ended: false)));
        Assert.That(Extend(session, "water"u8, ended: false, slot: 1), Is.EqualTo(_cost.Score(Prompt, "mix water", ended: false)));
        session.Fork(0, 1);
        Assert.That(Extend(session, ""u8, ended: true, slot: 1), Is.EqualTo(_cost.Score(Prompt, "mix ammonia", ended: true)));
    }

    // Byte-level BPE without merges: unlike WordPiece it sees U+FFFD. GPT-2 writes the bytes that do not print as the characters from U+0100 on.
    private static string WriteClassifierOfBytes()
    {
        var moved = 0;
        TinyClassifier classifier = new(
            ["<s>", "<pad>", "</s>", "<unk>", .. Enumerable.Range(0, 256).Select(value => $"{(value is > 32 and < 127 or > 160 and not 173 ? (char)value : (char)(256 + moved++))}")], ["safe", "unsafe"])
        {
            HasSegments = false,
            Config = new { model_type = "roberta", max_position_embeddings = 514 },
        };
        var folder = classifier.WriteWithoutTokenizer();
        File.WriteAllText(Path.Combine(folder, "vocab.json"), JsonSerializer.Serialize(classifier.Vocabulary.Index().ToDictionary(static piece => piece.Item, static piece => piece.Index)));
        File.WriteAllText(Path.Combine(folder, "merges.txt"), "");
        return folder;
    }

    private static double Extend(IScoringSession session, ReadOnlySpan<byte> utf8, bool ended, int slot = 0)
    {
        var batch = new ScoringBatch(1, 1);
        batch.Add(slot, ended);
        batch.Append(new TokenId(0), utf8, -1);
        Span<double> score = [0];
        session.Extend(batch, score);
        return score[0];
    }
}

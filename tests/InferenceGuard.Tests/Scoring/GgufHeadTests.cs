// Score heads on a trunk of their own: growing answers score as their whole text does, in a fresh context, computed by hand.

using System.Text;
using InferenceGuard.Model;
using InferenceGuard.Scoring;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Scoring;

internal sealed class GgufHeadTests
{
    private const string Beaver = "BEGINNING OF CONVERSATION: USER: {prompt} ASSISTANT:{answer}{eos}";
    private const string Prompt = "hello <|im_end|> wor</s>ld"; // Spellings of special tokens are text here.

    // The sum of 64 products; batches of another shape round keys and values in float16 differently.
    private const double Tolerance = 0.02;

    private static IEnumerable<TestCaseData> Trunks()
    {
        foreach (var template in (string[])[Beaver, "chat", "{bos}{prompt}\n{answer}", "Q: {prompt}<|im_end|>A: {answer}!{eos}"])
            foreach (var path in (Func<string>[])[static () => TinyModel.SpmPath, static () => TinyModel.BpePath])
                yield return new TestCaseData(path(), template);
    }

    [TestCaseSource(nameof(Trunks))]
    public void Session_AnswersInAnyPieces_ScoreAsTheWholeTextInAFreshContext(string trunk, string template)
    {
        var head = Write(template, "cost", RandomHead(0));
        using var cost = GgufHeadCost.Load(trunk, head, TinyModel.OneThread);
        var random = new Random(7);
        using var session = cost.Open(Prompt, 6);
        var texts = new byte[6][];
        Array.Fill(texts, []);
        for (var step = 0; step < 40; step++)
        {
            // Beams grow by pieces that end anywhere, also inside a character; some are copied onto others, some forgotten.
            var batch = new ScoringBatch(6, 4);
            var rows = Enumerable.Range(0, 6).Where(_ => random.Next(3) > 0).ToArray();
            foreach (var slot in rows)
            {
                var piece = Piece(random);
                batch.Add(slot, ended: false);
                batch.Append(new(0), piece, 0);
                texts[slot] = [.. texts[slot], .. piece];
            }
            if (rows.Length == 0)
                continue;
            var scores = new double[rows.Length];
            session.Extend(batch, scores);
            for (var row = 0; row < rows.Length; row++)
            {
                var text = Complete(texts[rows[row]]);
                Assert.That(scores[row], Is.EqualTo(WholeText(trunk, template, text)).Within(Tolerance), $"step {step}: \"{text}\"");
                Assert.That(cost.Score(Prompt, text, ended: true), Is.EqualTo(scores[row]).Within(Tolerance));
            }
            var (from, to) = (random.Next(6), random.Next(6));
            session.Drop(to == from ? (to + 1) % 6 : to);
            session.Fork(from, to == from ? (to + 1) % 6 : to);
            texts[to == from ? (to + 1) % 6 : to] = texts[from];
        }
    }

    [Test]
    public void Session_AnswerOf128Tokens_DecodesHardlyMoreThanTheWholeText()
    {
        using var cost = GgufHeadCost.Load(TinyModel.BpePath, Write(Beaver, "cost", RandomHead(0)), TinyModel.OneThread);
        using var session = (TrunkSession)cost.Open("hello", 1);
        var random = new Random(3);
        var (batch, text, scores) = (new ScoringBatch(1, 8), new StringBuilder(), new double[1]);
        for (var block = 0; block < 16; block++)
        {
            batch.Clear();
            batch.Add(0, ended: false);
            for (var token = 0; token < 8; token++)
            {
                var letter = (char)('a' + random.Next(26));
                text.Append(letter);
                batch.Append(new(0), [(byte)letter], 0);
            }
            session.Extend(batch, scores);
        }
        using var model = LlamaCppModel.Load(TinyModel.BpePath, TinyModel.OneThread);
        var whole = ScoringTemplate.Parse(Beaver, model).Render("hello", text.ToString()).Length;
        Assert.That(session.DecodedTokens, Is.LessThan(1.3 * whole));
    }

    [Test]
    public void Session_AnswerLongerThanItsCache_ScoresAsTheWholeText()
    {
        using var cost = GgufHeadCost.Load(TinyModel.BpePath, Write(Beaver, "cost", RandomHead(0)), TinyModel.OneThread);
        using var session = (TrunkSession)cost.Open(Prompt, 2);
        var (batch, text, scores) = (new ScoringBatch(1, 200), new StringBuilder(), new double[1]);
        for (var block = 0; block < 6; block++)
        {
            batch.Clear();
            batch.Add(1, ended: false);
            var piece = string.Concat(Enumerable.Range(0, 200).Select(at => (char)('a' + (at * 7 + block) % 26)));
            text.Append(piece);
            batch.Append(new(0), Encoding.UTF8.GetBytes(piece), 0);
            session.Extend(batch, scores);
        }
        Assert.That(scores[0], Is.EqualTo(WholeText(TinyModel.BpePath, Beaver, text.ToString())).Within(Tolerance));
    }

    [Test]
    public void Session_ManyAnswersOf128Tokens_DecodeHardlyMoreThanTheirWholeTexts()
    {
        const int beams = 12;
        using var cost = GgufHeadCost.Load(TinyModel.BpePath, Write(Beaver, "cost", RandomHead(0)), TinyModel.OneThread);
        using var session = (TrunkSession)cost.Open("hello", beams);
        var (random, batch, texts, scores) = (new Random(3), new ScoringBatch(beams, 1), new string[beams], new double[beams]);
        for (var block = 0; block < 16; block++)
        {
            batch.Clear();
            for (var beam = 0; beam < beams; beam++)
            {
                var piece = string.Concat(Enumerable.Range(0, 8).Select(_ => (char)('a' + random.Next(26))));
                texts[beam] += piece;
                batch.Add(beam, ended: false);
                batch.Append(new(0), Encoding.UTF8.GetBytes(piece), 0);
            }
            session.Extend(batch, scores);
        }
        using var model = LlamaCppModel.Load(TinyModel.BpePath, TinyModel.OneThread);
        Assert.That(session.DecodedTokens, Is.LessThan(1.3 * texts.Sum(text => ScoringTemplate.Parse(Beaver, model).Render("hello", text).Length)));
    }

    [Test]
    public void Head_WithHiddenLayerAndNormaliser_IsTheFormula()
    {
        var random = new Random(4);
        var head = new ScoreHead
        {
            Width = 3, HiddenWeight = RandomCritic.Numbers(random, 6, 1), HiddenBias = [0.1f, -0.2f], Weight = [0.5f, -2], Bias = 0.25f, Mean = 0.3, Deviation = 2,
        };
        float[] hidden = [1, -2, 0.5f];
        double Unit(int unit) => Enumerable.Range(0, 3).Sum(at => head.HiddenWeight[unit * 3 + at] * (double)hidden[at]) + head.HiddenBias[unit];
        double Silu(double x) => x / (1 + Math.Exp(-x));
        Assert.That(head.Of(hidden), Is.EqualTo((0.5 * Silu(Unit(0)) - 2 * Silu(Unit(1)) + 0.25 - 0.3) / 2).Within(1e-6));
    }

    [Test]
    public void Read_Cost_KeepsItsZeroAndIsDividedOnly()
    {
        var path = Write(Beaver, "cost", RandomHead(0) with { Mean = 5, Deviation = 4 });
        var (head, template) = ScoreHeadFile.Read(path, TinyModel.Width, "cost");
        Assert.That((head.Mean, head.Deviation, template), Is.EqualTo((0.0, 4.0, Beaver)));
        Assert.That(ScoreHeadFile.Read(Write(Beaver, "reward", RandomHead(0) with { Mean = 5 }), TinyModel.Width, "reward").Head.Mean, Is.EqualTo(5));
    }

    [Test]
    public void Load_HeadOfAnotherWidthKindOrTemplate_SaysWhatIsWrong()
    {
        Fails(Write(Beaver, "cost", RandomHead(0) with { Width = 32, Weight = new float[32] }), "32 numbers, and the trunk has 64");
        Fails(Write(Beaver, "reward", RandomHead(0)), "is the head of a reward");
        Fails(Write("{prompt} only", "cost", RandomHead(0)), "{answer} exactly once");
        Fails(Write("{prompt}{reply}{answer}", "cost", RandomHead(0)), "{reply}");
        Fails(Path.Combine(TestFolder.Path, "none.safetensors"), "none.safetensors");

        static void Fails(string head, string says) =>
            Assert.That(() => GgufHeadCost.Load(TinyModel.BpePath, head, TinyModel.OneThread), Throws.TypeOf<GuardException>().With.Message.Contains(says));
    }

    [Test]
    public void Spec_Malformed_SaysWhatIsExpected() =>
        Assert.That(() => new ScorerSpec(ScorerSpec.BuiltIn).Cost("gguf-head:only.gguf"), Throws.TypeOf<GuardException>().With.Message.Contains("TRUNK.gguf,HEAD.safetensors"));

    // Everything anew: a model, a context of one sequence, one decode of the last token, a dot product in double precision.
    private static double WholeText(string trunk, string template, string answer)
    {
        using var model = LlamaCppModel.Load(trunk, TinyModel.OneThread);
        var tokens = Layout(model, template, answer);
        using var context = model.CreateContext(new() { CellCount = 2048, MaxSequences = 1, HiddenStates = true });
        context.Prefill(new(0), tokens.AsSpan(..^1), CancellationToken.None);
        var batch = new DecodeBatch(1, 1);
        batch.Add(tokens[^1], new(0));
        context.Decode(batch, CancellationToken.None);
        var (sum, head) = (0.25, RandomHead(0));
        for (var at = 0; at < head.Weight.Length; at++)
            sum += (double)head.Weight[at] * context.Hidden[at];
        return sum;
    }

    // The templates of these tests laid out by hand.
    private static TokenId[] Layout(LlamaCppModel model, string template, string answer)
    {
        var vocabulary = model.Vocabulary;
        TokenId[] begin = vocabulary.AddsBeginOfText ? [vocabulary.BeginOfText!.Value] : [];
        TokenId[] Plain(string text) => vocabulary.Tokenize(text, parseSpecial: false);
        switch (template)
        {
            case Beaver:
                return [.. begin, .. Plain($"BEGINNING OF CONVERSATION: USER: {Prompt} ASSISTANT:{answer}"), vocabulary.EndOfText!.Value];
            case "{bos}{prompt}\n{answer}":
                return [vocabulary.BeginOfText!.Value, .. Plain($"{Prompt}\n{answer}")];
            case "chat":
                return ScoringTemplate.Parse("chat", model).Render(Prompt, answer);
            default:
                // The marker is a special token of the byte-level model only.
                var marker = vocabulary.Tokenize("<|im_end|>", parseSpecial: true);
                return marker.Length == 1
                    ? [.. begin, .. Plain($"Q: {Prompt}"), marker[0], .. Plain($"A: {answer}!"), vocabulary.EndOfText!.Value]
                    : [.. begin, .. Plain($"Q: {Prompt}<|im_end|>A: {answer}!"), vocabulary.EndOfText!.Value];
        }
    }

    internal static ScoreHead RandomHead(int seed) => new() { Width = TinyModel.Width, Weight = RandomCritic.Numbers(new(seed), TinyModel.Width, 0.3f), Bias = 0.25f };

    internal static string Write(string template, string kind, ScoreHead head)
    {
        var path = Path.Combine(TestFolder.Path, $"{Guid.NewGuid():N}.safetensors");
        ScoreHeadFile.Write(path, head, kind, template);
        return path;
    }

    private static byte[] Piece(Random random)
    {
        string[] pieces = ["hello", " wor", "ld", " ", "</s>", "<|im_end|>", "lo", "h", "é", "日", "\n"];
        var bytes = Encoding.UTF8.GetBytes(pieces[random.Next(pieces.Length)]);
        return random.Next(4) == 0 ? bytes[..^1] : bytes;
    }

    // A character that is still incomplete is no part of the text yet.
    private static string Complete(byte[] bytes)
    {
        for (var length = 1; length <= Math.Min(3, bytes.Length); length++)
            if (bytes[^length] >= 0xC0 && bytes[^length] >= (length == 1 ? 0xC0 : length == 2 ? 0xE0 : 0xF0))
                return Encoding.UTF8.GetString(bytes, 0, bytes.Length - length);
        return Encoding.UTF8.GetString(bytes);
    }
}

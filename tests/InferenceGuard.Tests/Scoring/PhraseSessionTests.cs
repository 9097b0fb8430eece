// Tests that growing answers score as whole ones do, wherever they are cut, and at no cost in memory.

using System.Text;
using System.Text.Json;
using CsCheck;
using InferenceGuard.Scoring;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Scoring;

public sealed class PhraseSessionTests
{
    private const string Seed = "0000KsAXYHQ2";

    private static readonly Gen<string> Word = Choice.Of(
        "never", "do", "not", "don't", "don\u2019t", "bleach", "bleached", "Bleach", "mix", "a", "am", "ammonia", "\u00E9t\u00E9", "\u00C9t\u00E9s", "\u4E2D\u6587", "e\u0301", "3");

    private static readonly Gen<string> Gap = Gen.Frequency(
        (8, Gen.Const(" ")), (3, Choice.Of(", ", ". ", "\n", "; ", "! ", " 'n' ", " \U0001F642 ")), (1, Choice.Of("'", "\u2019", "''", "\u00AD", "", "\uFFFD", "\u0301")));

    private static readonly Gen<string> Text = Gen.Select(Word, Gap).Array[0, 25].Select(static parts => string.Concat(parts.Select(static part => part.Item1 + part.Item2)));

    private static readonly Gen<string[]> Group = Word.Array[1, 3].Select(static words => string.Join(' ', words)).Array[1, 3];

    private static readonly Gen<object> Rule = Gen.Select(Gen.Double[0, 9], Group, Group.Array[1, 3], Gen.Int[1, 4], Gen.Bool, Gen.Int[0, 2])
        .Select(static (weight, any, all, most, ended, form) => form switch
        {
            0 => (object)new { id = "", weight, any, most, ended },
            1 => new { id = "", weight, all, ended },
            _ => new { id = "", weight, any, when_prompt = all[0] },
        });

    private static readonly Gen<byte[]> Model = Gen.Select(Rule.Array[1, 6], Word.Array[1, 2].Select(static words => string.Join(' ', words)).Array[0, 3]).Select(static (rules, negators) =>
        JsonSerializer.SerializeToUtf8Bytes(new
        {
            kind = "cost",
            name = "generated",
            negators,
            rules = rules.Select(static (rule, index) =>
            {
                var node = JsonSerializer.SerializeToNode(rule)!;
                node["id"] = $"rule {index}";
                return node;
            }),
        }));

    [Test]
    public void Score_AnyModelAndText_IsWhatThePlainRecountSays() => Gen.Select(Model, Text, Text, Gen.Bool)
        .Sample(static (json, prompt, text, ended) =>
        {
            var file = PhraseFile.Read(new MemoryStream(json), "generated", "cost");
            var cost = PhraseCost.Read(new MemoryStream(json), "generated");
            Assert.That(cost.Score(prompt, text, ended), Is.EqualTo(new PhraseRecount(text).Score(file, prompt, ended)));
        }, seed: Seed, iter: 4000);

    [Test]
    public void Extend_TextCutAnywhere_ScoresEveryPrefixAsScoreDoes() => Gen.Select(Model, Text, Gen.Int[1, 9].Array[1, 9])
        .Sample(static (json, text, sizes) =>
        {
            var cost = PhraseCost.Read(new MemoryStream(json), "generated");
            using var session = cost.Open(text, 1);
            var batch = new ScoringBatch(1, 1);
            var score = new double[1];
            var bytes = Encoding.UTF8.GetBytes(text);
            var before = 0.0;
            for (var (at, piece) = (0, 0); at < bytes.Length; piece++)
            {
                var size = Math.Min(sizes[piece % sizes.Length], bytes.Length - at);
                var ended = at + size == bytes.Length;
                Fill(batch, 0, bytes.AsSpan(at, size), ended);
                session.Extend(batch, score);
                at += size;
                Assert.That(score[0], Is.EqualTo(cost.Score(text, Encoding.UTF8.GetString(bytes, 0, at), ended)), $"after byte {at}");
                Assert.That(score[0], Is.GreaterThanOrEqualTo(before), "a cost without negative weights never falls");
                before = score[0];
            }
        }, seed: Seed, iter: 2000);

    [Test]
    public void Extend_BrokenUtf8_ScoresAsTheTextAUserWouldSee()
    {
        var cost = Phrases.Cost("""{ "kind": "cost", "name": "c", "rules": [{ "id": "b", "weight": 5, "any": ["bleach"] }, { "id": "l", "weight": 1, "any": ["each"] }] }""");
        byte[] bytes = [.. "bl"u8, 0xE2, 0x82, .. "each"u8];
        foreach (var cut in Enumerable.Range(0, bytes.Length + 1))
        {
            using var session = cost.Open("", 1);
            var before = Encoding.UTF8.GetString(bytes, 0, cut);
            Assert.That(Extend(session, 0, bytes.AsSpan(0, cut)), Is.EqualTo(cost.Score("", before, ended: false)), $"{cut} bytes");
            Assert.That(Extend(session, 0, bytes.AsSpan(cut)), Is.EqualTo(1), $"cut after {cut} bytes: \"each\" begins a word, \"bleach\" is broken");
        }
    }

    [Test]
    public void Fork_EveryKindOfState_GoesWithTheCopyAndStaysApart()
    {
        var cost = Phrases.Cost("""
            { "kind": "cost", "name": "c", "negators": ["never"], "rules": [
              { "id": "all", "weight": 100, "all": [["bleach"], ["ammonia"]] },
              { "id": "most", "weight": 1, "any": ["\u00E9tape"], "most": 2 } ] }
            """);
        using var session = cost.Open("", 3);
        // Half of a combination, one of two counts, half a phrase and half a character.
        Assert.That(Extend(session, 0, [.. "Bleach, \u00E9tape "u8, 0xC3]), Is.EqualTo(1));
        session.Fork(0, 1);
        session.Fork(0, 0);
        Assert.That(Extend(session, 1, [0xA9, .. "tape, never "u8]), Is.EqualTo(2));
        session.Fork(1, 2);
        Assert.That(Extend(session, 1, "ammonia"u8), Is.EqualTo(2), "negated");
        Assert.That(Extend(session, 2, ". ammonia"u8), Is.EqualTo(102), "a new sentence");
        Assert.That(Extend(session, 0, "ammonia"u8), Is.EqualTo(101), "the first beam never saw the negator");
        session.Fork(1, 0);
        Assert.That(Extend(session, 0, ""u8), Is.EqualTo(2), "a fork overwrites what was there");
    }

    [Test]
    public void Fork_FromAnEmptySlot_EmptiesTheTarget()
    {
        var cost = Phrases.Cost("""{ "kind": "cost", "name": "c", "rules": [{ "id": "a", "weight": 1, "any": ["ab"] }] }""");
        using var session = cost.Open("", 2);
        Assert.That(Extend(session, 0, "ab x"u8), Is.EqualTo(1));
        session.Fork(1, 0);
        Assert.That(Extend(session, 0, "ab"u8), Is.EqualTo(1), "again at a word's start, with nothing counted");
    }

    [Test]
    public void Extend_ManyRows_ScoresEachOfItsOwnSlot()
    {
        var cost = Phrases.Cost("""{ "kind": "cost", "name": "c", "rules": [{ "id": "a", "weight": 1, "any": ["ab"], "most": 9 }] }""");
        using var session = cost.Open("", 4);
        var batch = new ScoringBatch(3, 2);
        batch.Add(3, ended: false);
        batch.Append(new(0), "ab a"u8, 0);
        batch.Append(new(0), "b"u8, 0);
        batch.Add(0, ended: true);
        batch.Add(2, ended: false);
        batch.Append(new(0), "ab"u8, 0);
        var scores = new double[3];
        session.Extend(batch, scores);
        Assert.That(scores, Is.EqualTo(new double[] { 2, 0, 1 }));
    }

    [Test]
    public void Extend_EndedWithoutNewText_CountsWhatOnlyEndedAnswersEarn()
    {
        var cost = Phrases.Cost("""{ "kind": "cost", "name": "c", "rules": [{ "id": "a", "weight": 4, "any": ["ab"], "ended": true }] }""");
        using var session = cost.Open("", 1);
        Assert.That(Extend(session, 0, "ab"u8), Is.Zero);
        Assert.That(Extend(session, 0, ""u8, ended: true), Is.EqualTo(4));
    }

    [Test]
    public void ExtendAndFork_SteadyState_AllocateNothing()
    {
        var cost = Phrases.Cost("""
            { "kind": "cost", "name": "c", "negators": ["never"], "rules": [
              { "id": "all", "weight": 100, "all": [["bleach"], ["ammonia"]] },
              { "id": "most", "weight": 1, "any": ["\u00E9tape"], "most": 9 } ] }
            """);
        using var session = cost.Open("how?", 2);
        var batch = new ScoringBatch(1, 16);
        var score = new double[1];
        Fill(batch, 0, "Never bleach \u4E2D\u6587. Ammonia, \u00E9tape \U0001F642 "u8, ended: false);
        void Work()
        {
            for (var round = 0; round < 100; round++)
            {
                session.Extend(batch, score);
                session.Fork(0, 1);
            }
        }
        Work();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Work();
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        Assert.That(score[0], Is.EqualTo(9));
    }

    private static double Extend(IScoringSession session, int slot, ReadOnlySpan<byte> utf8, bool ended = false)
    {
        var batch = new ScoringBatch(1, 1);
        Fill(batch, slot, utf8, ended);
        var score = new double[1];
        session.Extend(batch, score);
        return score[0];
    }

    private static void Fill(ScoringBatch batch, int slot, ReadOnlySpan<byte> utf8, bool ended)
    {
        batch.Clear();
        batch.Add(slot, ended);
        batch.Append(new(0), utf8, 0);
    }
}

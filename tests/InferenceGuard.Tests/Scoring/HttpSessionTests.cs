// Growing answers are asked about as whole ones are, and no oftener than they differ.

using System.Text;
using System.Text.Json;
using InferenceGuard.Model;
using InferenceGuard.Scoring;
using InferenceGuard.Tests.App;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Scoring;

internal sealed class HttpSessionTests
{
    private const int Slots = 6;
    private const string Prompt = "mix";

    [TestCase("/v1/moderations,input=answer")]
    [TestCase("/v1/chat/completions,parallel=3,template=")]
    public void Extend_RandomSearch_ScoresEveryTextAsScoreDoesAlone(string end)
    {
        var isChat = end.EndsWith("template=", StringComparison.Ordinal);
        using var server = new LoopbackServer(isChat ? WordJudge.Chat : WordJudge.Moderation);
        using var cost = Open(server.Address + (isChat ? end + CommandRun.Write("judge.json", WordJudge.Template) : end));
        using var session = cost.Open(Prompt, Slots);
        SessionWalk.Run(session, Slots, ["ble", "ach", "bleach ", "ammonia", " \u00E9\U0001F642 "], (text, score) => Assert.That(
            score, Is.EqualTo(isChat ? WordJudge.Unsafe(text) : Math.Max(WordJudge.One(text), WordJudge.Two(text))).Within(1e-12).And.EqualTo(cost.Score(Prompt, text, ended: true)), text));
    }

    [Test]
    public void Extend_TextCutWithinCharacters_AsksAboutThoseThatAreComplete()
    {
        using var server = new LoopbackServer(WordJudge.Moderation);
        using var cost = Open($"{server.Address}/v1/moderations,input=answer");
        var text = Encoding.UTF8.GetBytes("a\u00E9\u4E2D\U0001F642b");
        for (var cut = 0; cut <= text.Length; cut++)
        {
            using var session = cost.Open(Prompt, 2);
            Extend(session, text.AsSpan(0, cut), ended: false, slot: 1);
            session.Fork(1, 0);
            Extend(session, text.AsSpan(cut), ended: true, slot: 0);
            var complete = cut;
            while (complete > 0 && complete < text.Length && (text[complete] & 0xC0) == 0x80)
                complete--;
            var asked = server.Requests.TakeLast(2).SelectMany(Inputs);
            Assert.That(asked, Is.EqualTo(new[] { Encoding.UTF8.GetString(text[..complete]), "a\u00E9\u4E2D\U0001F642b" }), $"cut at {cut}");
        }
    }

    [Test]
    public void Extend_AnswerThatEndsWithinACharacter_IsWhatItsReaderSees()
    {
        using var server = new LoopbackServer(WordJudge.Moderation);
        using var cost = Open($"{server.Address}/v1/moderations,input=answer");
        using var session = cost.Open(Prompt, 1);
        Extend(session, [.. "now "u8, 0xF0, 0x9F], ended: true, slot: 0);
        Assert.That(Inputs(server.Requests.Single()), Is.EqualTo(new[] { "now \uFFFD" }));
    }

    [Test]
    public void Extend_EqualTexts_AreAskedAboutOnceAndJudgesSoManyAtOnce()
    {
        using var server = new LoopbackServer(static request => WordJudge.Chat(request) with { Delay = TimeSpan.FromMilliseconds(50) });
        using var cost = Open($"{server.Address}/v1/chat/completions,parallel=2,template={CommandRun.Write("judge.json", WordJudge.Template)}");
        using var session = cost.Open(Prompt, Slots);
        var (batch, scores) = (new ScoringBatch(Slots, 1), new double[Slots]);
        for (var slot = 0; slot < Slots; slot++)
        {
            batch.Add(slot, ended: slot == 0);
            batch.Append(new TokenId(0), Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("bleach", slot / 2))), -1);
        }
        session.Extend(batch, scores);
        Assert.That(scores, Is.EqualTo(Enumerable.Range(0, Slots).Select(static slot => slot / 2 / (slot / 2 + 1.0))).Within(1e-12));
        Assert.That(server.Requests, Has.Count.EqualTo(Slots / 2));
        Assert.That(server.MostAtOnce, Is.InRange(1, 2));
    }

    [Test]
    public void Extend_NoRows_AsksNothing()
    {
        using var cost = Open($"{LoopbackServer.DeadAddress}/v1/moderations");
        using var session = cost.Open(Prompt, 1);
        Assert.That(() => session.Extend(new ScoringBatch(1, 1), []), Throws.Nothing);
    }

    private static void Extend(IScoringSession session, ReadOnlySpan<byte> utf8, bool ended, int slot)
    {
        var batch = new ScoringBatch(1, 1);
        batch.Add(slot, ended);
        batch.Append(new TokenId(0), utf8, -1);
        session.Extend(batch, new double[1]);
    }

    private static string[] Inputs(LoopbackServer.Request request) =>
        [.. JsonDocument.Parse(request.Body).RootElement.GetProperty("input").EnumerateArray().Select(static input => input.GetString()!)];

    private static HttpScorer Open(string spec) => (HttpScorer)new ScorerSpec(ScorerSpec.BuiltIn).Cost(spec);
}

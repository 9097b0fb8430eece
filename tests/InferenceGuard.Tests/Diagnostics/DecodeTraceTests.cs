// A trace holds what the search did, in a form that reads back.

using System.Text;
using InferenceGuard.Diagnostics;
using InferenceGuard.Model;
using InferenceGuard.Search;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Diagnostics;

internal sealed class DecodeTraceTests
{
    [Test]
    public void Trace_OfASearch_ReadsBackAsStartAttemptsAndAnswer()
    {
        var (path, answer) = TrapTrace.Write("trace.jsonl");
        var lines = DecodeTrace.Read(path).ToList();
        Assert.That(lines[0], Is.TypeOf<TraceStart>());
        Assert.That(lines[^1], Is.TypeOf<TraceAnswer>());
        Assert.That(lines[1..^1], Has.All.TypeOf<TraceAttempt>());
        var start = (TraceStart)lines[0];
        Assert.That(start.Options, Is.EqualTo(TrapTrace.Options));
        Assert.That(start.Messages, Is.EqualTo([new ChatMessage("user", "?")]));
        Assert.That(start.Z, Is.EqualTo(TrapTrace.Options.Budget));
        Assert.That((TraceAnswer)lines[^1], Is.EqualTo(new TraceAnswer
        {
            Text = answer.Text, Beam = answer.Beam, Safe = true, FinishReason = answer.FinishReason, Z = answer.State.Value, Cost = answer.Cost, Reward = answer.Reward,
            AnswerTokens = answer.AnswerTokens, DecodedTokens = answer.DecodedTokens, Retries = answer.Retries, Blocks = answer.Blocks,
        }));
    }

    [Test]
    public void Trace_OfATrap_ShowsTheRetryAndTheHazardThatCausedIt()
    {
        var attempts = Attempts("trap.jsonl");
        var retried = attempts.Where(static attempt => attempt.Retried).ToList();
        Assert.That(retried, Is.Not.Empty);
        foreach (var attempt in retried)
        {
            Assert.That(attempt.Safe, Is.Zero);
            Assert.That(attempt.Beams.Select(static beam => beam.Verdict), Has.All.AnyOf(BeamVerdict.Retried, BeamVerdict.Duplicate).And.Some.EqualTo(BeamVerdict.Retried));
            Assert.That(attempt.Beams.Where(static beam => beam.Verdict == BeamVerdict.Retried), Has.All.Matches<TraceBeam>(static beam => beam.Z < 0 && beam.Cost > 10));
        }
    }

    [Test]
    public void Trace_Beams_AreAllThere_WithParentsOfTheBlockBefore()
    {
        var attempts = Attempts("beams.jsonl");
        var kept = new HashSet<int> { 0 };
        foreach (var attempt in attempts)
        {
            var children = attempt.Beams.Where(beam => beam.Length > attempt.Block * TrapTrace.Options.BlockTokens);
            Assert.That(children.Select(static beam => beam.Parent).Distinct(), Is.SubsetOf(kept));
            if (!attempt.Retried)
                kept.UnionWith(attempt.Beams.Where(static beam => beam.Verdict == BeamVerdict.Kept).Select(static beam => beam.Id));
        }
        Assert.That(attempts[0].Beams, Has.Count.EqualTo(TrapTrace.Options.Beams));
        Assert.That(attempts.SelectMany(static attempt => attempt.Beams).Where(static beam => beam.Verdict == BeamVerdict.Duplicate),
            Is.Not.Empty.And.All.Matches<TraceBeam>(static beam => beam is { Z: null, Cost: null, Reward: null, Score: null }));
    }

    [Test]
    public void Trace_OfTheAnswer_SpellsItBlockByBlock()
    {
        var (path, answer) = TrapTrace.Write("spelled.jsonl");
        var beams = DecodeTrace.Read(path).OfType<TraceAttempt>().SelectMany(static attempt => attempt.Beams).DistinctBy(static beam => beam.Id).ToDictionary(static beam => beam.Id);
        var text = "";
        for (var id = answer.Beam!.Value; id != 0; id = beams[id].Parent)
            text = beams[id].Text + text;
        Assert.That(text, Is.EqualTo(answer.Text));
    }

    [Test]
    public void Trace_IsSnakeCaseJsonLines()
    {
        var text = File.ReadAllText(TrapTrace.Write("text.jsonl").Path);
        Assert.That(text, Does.StartWith("{\"type\":\"start\",\"format\":1,").And.EndWith("}\n"));
        Assert.That(text, Does.Contain("\"verdict\":\"retried\"").And.Contain("\"end\":\"end_of_text\"").And.Contain("\"finish_reason\":\"stop\"").And.Contain("\"mode\":\"strict\""));
        Assert.That(text.TrimEnd('\n').Split('\n'), Has.All.StartsWith("{").And.All.EndsWith("}"));
    }

    [TestCase("{\"type\":\"start\"", "line 2")]
    [TestCase("{}", "line 2")]
    [TestCase("{\"type\":\"end\"}", "line 2")]
    [TestCase("{\"type\":\"answer\",\"text\":null}", "line 2")]
    [TestCase("null", "line 2")]
    [TestCase("{\"type\":\"attempt\",\"pass\":0}", "line 2")]
    public void Read_MalformedLine_IsAUsageErrorWithItsNumber(string line, string expected)
    {
        var path = Path.Combine(TestFolder.Path, "malformed.jsonl");
        File.WriteAllText(path, "\n" + line + "\n");
        Assert.That(() => DecodeTrace.Read(path).ToList(),
            Throws.TypeOf<GuardException>().With.Property("Fault").EqualTo(GuardFault.Usage).And.Message.Contains(expected).And.Message.Contains("malformed.jsonl"));
    }

    [Test]
    public void Read_AnotherFormat_IsAUsageErrorThatNamesBoth()
    {
        var path = TrapTrace.Write("format.jsonl").Path;
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"format\":1", "\"format\":9", StringComparison.Ordinal), Encoding.UTF8);
        Assert.That(() => DecodeTrace.Read(path).First(), Throws.TypeOf<GuardException>().With.Message.Contains("format 9, expected 1"));
    }

    private static List<TraceAttempt> Attempts(string name) => [.. DecodeTrace.Read(TrapTrace.Write(name).Path).OfType<TraceAttempt>()];
}

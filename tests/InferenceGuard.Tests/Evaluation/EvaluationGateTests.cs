// What a gate lets through, what it says of the rest, and how it answers to names that are not there.

using InferenceGuard.Evaluation;

namespace InferenceGuard.Tests.Evaluation;

public sealed class EvaluationGateTests
{
    // base is safe on 99 of 100 prompts and takes 1 s, the guard on all but 1.5 of 100 on average and 9 s.
    private static readonly EvaluationSummary s_summary = EvaluationSummary.Of(
    [
        .. from model in new[] { "hearth-base", "hearth-aligned" }
           from prompt in Enumerable.Range(0, 200)
           from method in new[] { "base", "inferenceguard+critic" }
           select Records.Answer(method, $"p{prompt}", safe: method == "base" ? prompt >= 2 : model == "hearth-aligned" || prompt >= 3,
               reward: 2, cost: -1.5, seconds: method == "base" ? 1 : 9, model: model),
    ]);

    [TestCase("inferenceguard+critic:safety>=0.99", "hearth-base inferenceguard+critic safety 0.985 < 0.99")]
    [TestCase("base:safety>=0.99", TestName = "Misses_LimitMetExactly_IsNone")]
    [TestCase("base:safety>0.99", "hearth-base base safety 0.99 <= 0.99", "hearth-aligned base safety 0.99 <= 0.99")]
    [TestCase("hearth-aligned/inferenceguard+critic:safety>=1")]
    [TestCase("inferenceguard+critic:latency_ratio<=8", "hearth-base inferenceguard+critic latency_ratio 9 > 8", "hearth-aligned inferenceguard+critic latency_ratio 9 > 8")]
    [TestCase("inferenceguard+critic:latency_ratio < 9.5 , inferenceguard+critic:violations<1", "hearth-base inferenceguard+critic violations 3 >= 1")]
    [TestCase("hearth-base/base:reward>=2,base:cost<=-1.5,base:seconds<=1,base:decoded_tokens<=50,base:abstention<=0,base:over_refusal<=0")]
    [TestCase("hearth-base/inferenceguard+critic:safety>=0.98501", "hearth-base inferenceguard+critic safety 0.985 < 0.98501")]
    [TestCase("hearth-base/inferenceguard+critic:safety<0.985", "hearth-base inferenceguard+critic safety 0.985 >= 0.985")]
    public void Misses_Gate_SaysWhatIsMissed(string gate, params string[] misses) =>
        Assert.That(EvaluationGate.Parse(gate).Misses(s_summary), Is.EqualTo(misses));

    [Test]
    public void Misses_ValueNearTheLimit_IsWrittenSoThatTheSentenceIsTrue()
    {
        var summary = EvaluationSummary.Of([Records.Answer("base", "p1", reward: 0.98996)]);
        Assert.That(EvaluationGate.Parse("base:reward>=0.99").Misses(summary), Is.EqualTo(new[] { "hearth-base base reward 0.98996 < 0.99" }));
    }

    [Test]
    public void Misses_UnknownFigure_IsMissed()
    {
        var summary = EvaluationSummary.Of([Records.Answer("inferenceguard", "p1")]);
        Assert.That(EvaluationGate.Parse("inferenceguard:latency_ratio<=8").Misses(summary), Has.One.EqualTo("hearth-base inferenceguard latency_ratio is unknown, so <= 8 is not shown"));
    }

    [Test]
    public void Misses_Settings_AreAllMeantUnlessOneIsNamed()
    {
        var summary = EvaluationSummary.Of([Records.Answer("x", "p1", reward: 1, setting: "n8"), Records.Answer("x", "p1", reward: 2, setting: "n16")]);
        Assert.That(EvaluationGate.Parse("x:reward>=3").Misses(summary), Has.Count.EqualTo(2));
        Assert.That(EvaluationGate.Parse("x@n16:reward>=2").Misses(summary), Is.Empty);
        Assert.That(() => EvaluationGate.Parse("x@n32:reward>=2").Misses(summary), Throws.InstanceOf<GuardException>().With.Message.Contains("x@n8, x@n16"));
    }

    [TestCase("nobody:safety>=1", "the method \"nobody\"", "base, inferenceguard+critic")]
    [TestCase("hearth/base:safety>=1", "the model \"hearth\"", "hearth-base, hearth-aligned")]
    public void Misses_AbsentName_ListsWhatIsThere(string text, string complaint, string there)
    {
        var gate = EvaluationGate.Parse(text);
        Assert.That(() => gate.Misses(s_summary), Throws.InstanceOf<GuardException>().With.Message.Contains(complaint).And.Message.Contains(there));
        Assert.That(() => gate.Require(["hearth-base", "hearth-aligned"], ["base", "inferenceguard+critic"]), Throws.InstanceOf<GuardException>().With.Message.Contains(complaint).And.Message.Contains(there));
    }

    [Test]
    public void Require_NamesThatAreThere_IsSilent() =>
        Assert.That(() => EvaluationGate.Parse("a/b:safety>=1,b@n8:safety>=1").Require(["a"], ["b"]), Throws.Nothing);

    [TestCase("base:safe>=1", "safety, violations, abstention, over_refusal, reward, cost, seconds, decoded_tokens, latency_ratio")]
    [TestCase("", "METHOD:METRIC")]
    [TestCase("base:safety>=1,", "METHOD:METRIC")]
    [TestCase("base:safety=1", "METHOD:METRIC")]
    [TestCase("base:safety>=99%", "METHOD:METRIC")]
    [TestCase("base:safety>=1e999", "METHOD:METRIC")]
    [TestCase("base safety>=1", "METHOD:METRIC")]
    public void Parse_WrongText_SaysWhatIsExpected(string text, string expected) =>
        Assert.That(() => EvaluationGate.Parse(text), Throws.InstanceOf<GuardException>().With.Message.Contains(expected).And.Property("Fault").EqualTo(GuardFault.Usage));
}

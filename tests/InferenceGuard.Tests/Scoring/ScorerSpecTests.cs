// Tests of what --cost and --reward take.

using InferenceGuard.Scoring;
using InferenceGuard.Tests.App;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Scoring;

public sealed class ScorerSpecTests
{
    private static readonly ScorerSpec Spec = new([.. ScorerSpec.BuiltIn, new ScorerScheme("word", "word:NAME[,weight=w]") { Cost = static _ => Phrases.Cost(new Dictionary<string, double> { ["x"] = 1 }) }]);

    [Test]
    public void Cost_SchemeOfTheTable_IsMadeByIt()
    {
        Assert.That(Spec.Cost("word:y").Score("", "x", ended: true), Is.EqualTo(1));
        Assert.That(Spec.Cost(CommandRun.FreeCostSpec).Name, Is.EqualTo("free"));
        Assert.That(Spec.Reward("logprob"), Is.TypeOf<MeanLogProbReward>());
    }

    [TestCase("nothing:y")]
    [TestCase("word")]
    [TestCase("word:")]
    [TestCase("logprob")]
    [TestCase("")]
    public void Cost_AnythingElse_IsRefusedWithWhatIsKnown(string spec) => Assert.That(() => Spec.Cost(spec), Throws.TypeOf<GuardException>()
        .With.Property("Fault").EqualTo(GuardFault.Usage).And.Message.EqualTo($"--cost is \"{spec}\"; expected one of: phrases:FILE.json, gguf-head:TRUNK.gguf,HEAD.safetensors, guard:FILE.gguf,template=FAMILY|FILE.json, http:URL, https://HOST/PATH, word:NAME[,weight=w]."));

    [Test]
    public void Reward_OfACost_IsRefused() =>
        Assert.That(() => Spec.Reward("word:y"), Throws.TypeOf<GuardException>().With.Message.Contains("phrases:FILE.json, gguf-head:TRUNK.gguf,HEAD.safetensors, http:URL, https://HOST/PATH, logprob."));
}

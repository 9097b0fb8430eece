// Tests what phrase rules count, by small cases.

using InferenceGuard.Scoring;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Scoring;

public sealed class PhraseCostTests
{
    private static readonly PhraseCost Gas = Rules("""{ "id": "gas", "weight": 12, "all": [["bleach"], ["ammonia", "window cleaner"]] }""");
    private static readonly PhraseCost Foil = Rules("""{ "id": "foil", "weight": 14, "any": ["bypass the fuse", "foil around the fuse"] }""");
    private static readonly PhraseCost Steps = Rules("""{ "id": "steps", "weight": 0.5, "any": ["first", "then", "finally"], "most": 3 }""");

    [TestCase("Bypass the fuse.", 14)]
    [TestCase("bypass\n-- the FUSE", 14)]
    [TestCase("wrap foil around the fusebox", 14, Description = "the last word may go on")]
    [TestCase("bypass the fuse with foil around the fuse", 14, Description = "a rule counts once")]
    [TestCase("bypass these fuses", 0, Description = "an inner word must be whole")]
    [TestCase("rebypass the fuse", 0, Description = "a phrase begins at a word's start")]
    [TestCase("bypass the old fuse", 0)]
    [TestCase("bypass the fus", 0)]
    [TestCase("", 0)]
    public void Score_Any_CountsAPhraseFromAWordsStart(string answer, double cost) =>
        Assert.That(Foil.Score("", answer, ended: true), Is.EqualTo(cost));

    [TestCase("bleach and ammonia", 12)]
    [TestCase("Ammonia first, then BLEACH", 12)]
    [TestCase("bleaching powder. A window cleaner. More bleach and ammonia.", 12)]
    [TestCase("bleach and bleach", 0)]
    [TestCase("ammonia, window cleaner", 0, Description = "two of one group are one half")]
    public void Score_All_CountsOnceAllGroupsOccurInAnyOrder(string answer, double cost) =>
        Assert.That(Gas.Score("", answer, ended: true), Is.EqualTo(cost));

    [TestCase("go", 0)]
    [TestCase("first this, then that", 1)]
    [TestCase("first then then", 1.5)]
    [TestCase("first then then finally then", 1.5)]
    public void Score_Most_CountsUpToIt(string answer, double cost) =>
        Assert.That(Steps.Score("", answer, ended: false), Is.EqualTo(cost));

    [TestCase("Never bypass the fuse.", 0)]
    [TestCase("You must not, under any circumstances, bypass the fuse", 0)]
    [TestCase("Do not do it! Bypass the fuse.", 14, Description = "negation ends with its sentence")]
    [TestCase("Never; bypass the fuse", 14)]
    [TestCase("Never\nbypass the fuse", 14)]
    [TestCase("Don\u2019t bypass the fuse", 0)]
    [TestCase("Nevermore bypass the fuse", 14, Description = "negators are whole words")]
    [TestCase("Bypass the fuse, never mind", 14, Description = "a negator acts forwards")]
    [TestCase("do. not bypass the fuse", 0, Description = "a negator belongs to the sentence it ends in")]
    [TestCase("bypass. the fuse", 14)]
    [TestCase("never bypass. the fuse", 14, Description = "it goes on in a sentence that is not negated")]
    public void Score_NegatorEarlierInTheSentence_SilencesAPhrase(string answer, double cost) =>
        Assert.That(Rules("""{ "id": "foil", "weight": 14, "any": ["bypass the fuse"] }""", "never", "do not", "don't", "must not").Score("", answer, ended: true), Is.EqualTo(cost));

    [TestCase("do not open the window", 3, Description = "the phrase's own words do not negate it")]
    [TestCase("never do not open the window", 0)]
    [TestCase("do not do not open the window", 0)]
    public void Score_PhraseThatHoldsANegator_IsNegatedOnlyByWhatComesBeforeIt(string answer, double cost) =>
        Assert.That(Rules("""{ "id": "air", "weight": 3, "any": ["do not open the window"] }""", "do not", "never").Score("", answer, ended: true), Is.EqualTo(cost));

    [TestCase("how do i unblock a drain?", 1.5)]
    [TestCase("my Sinks are full", 1.5)]
    [TestCase("what about blackbird drainage", 1.5, Description = "the last word of a condition may go on, too")]
    [TestCase("undrained", 0)]
    [TestCase("", 0)]
    public void Score_WhenPrompt_NeedsOneOfThePhrasesInThePrompt(string prompt, double cost) =>
        Assert.That(Rules("""{ "id": "plunge", "weight": 1.5, "any": ["use a plunger"], "when_prompt": ["drain", "sink"] }""").Score(prompt, "Use a plunger.", ended: true), Is.EqualTo(cost));

    [Test]
    public void Score_Ended_CountsOnlyAnAnswerTheModelEnded([Values] bool ended) =>
        Assert.That(Rules("""{ "id": "e", "weight": 2, "any": ["done"], "ended": true }, { "id": "n", "weight": 1, "any": ["done"] }""").Score("", "you are done", ended),
            Is.EqualTo(ended ? 3 : 1));

    [Test]
    public void Score_SameRulesMetInAnotherOrder_IsTheSameToTheLastBit()
    {
        var cost = Rules("""{ "id": "a", "weight": 0.1, "any": ["x"], "most": 9 }, { "id": "b", "weight": 0.7, "any": ["y"] }, { "id": "c", "weight": 1e-9, "all": [["x"], ["y"]] }""");
        Assert.That(cost.Score("", "y x x x", ended: true), Is.EqualTo(cost.Score("", "x x y x", ended: true)).And.EqualTo(0.1 * 3 + 0.7 + 1e-9));
    }

    [Test]
    public void Score_PhraseTwiceInAGroup_CountsOnce() =>
        Assert.That(Rules("""{ "id": "a", "weight": 1, "any": ["u-bend", "U bend"], "most": 5 }""").Score("", "the U-bend", ended: true), Is.EqualTo(1));

    [Test]
    public void Score_TooLargeForANumber_IsAnErrorAndNotSafe()
    {
        var cost = Rules("""{ "id": "a", "weight": 1e308, "any": ["x"], "most": 9 }, { "id": "b", "weight": -1e308, "any": ["y"], "most": 9 }""");
        Assert.That(() => cost.Score("", "x x", ended: true), Throws.TypeOf<GuardException>()
            .With.Property("Fault").EqualTo(GuardFault.Generation).And.Message.Contains("finite"));
        Assert.That(() => cost.Score("", "x x y y", ended: true), Throws.TypeOf<GuardException>(), "infinity minus infinity");
    }

    [TestCase("""{ "id": "a", "weight": 0, "any": ["x"] }""", true)]
    [TestCase("""{ "id": "a", "weight": 1, "any": ["x"], "ended": true }""", true)]
    [TestCase("""{ "id": "a", "weight": 1, "any": ["x"] }, { "id": "b", "weight": -1, "any": ["y"] }""", false)]
    public void IsMonotone_Rules_AsLongAsNoWeightIsNegative(string rules, bool monotone) =>
        Assert.That(Rules(rules).IsMonotone, Is.EqualTo(monotone));

    [Test]
    public void Score_Null_IsRefused()
    {
        Assert.That(() => Foil.Score(null!, "", ended: true), Throws.ArgumentNullException);
        Assert.That(() => Foil.Score("", null!, ended: true), Throws.ArgumentNullException);
    }

    private static PhraseCost Rules(string rules, params string[] negators) =>
        Phrases.Cost($$"""{ "kind": "cost", "name": "test", "negators": {{System.Text.Json.JsonSerializer.Serialize(negators)}}, "rules": [{{rules}}] }""");
}

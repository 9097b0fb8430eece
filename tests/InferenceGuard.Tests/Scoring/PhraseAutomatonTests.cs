// Tests the automaton against searching for every pattern at every place.

using CsCheck;
using InferenceGuard.Scoring;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Scoring;

public sealed class PhraseAutomatonTests
{
    // Few letters, so that patterns overlap, contain and repeat one another.
    private static readonly Gen<string> Word = Choice.Of("a", "b", "ab", "ba", "aab");
    private static readonly Gen<string> Pattern = Word.Array[1, 3].Select(static words => " " + string.Join(' ', words));
    private static readonly Gen<string> Text = Word.Array[0, 30].Select(static words => string.Join(' ', words));

    [Test]
    public void Found_AnyPatterns_AreThoseThatEndThere() => Gen.Select(Pattern.Array[1, 12], Text)
        .Sample(static (patterns, text) =>
        {
            var automaton = new PhraseAutomaton(patterns);
            var node = automaton.Start;
            for (var end = 1; end <= text.Length; end++)
            {
                node = automaton.Step(node, text[end - 1]);
                var expected = Enumerable.Range(0, patterns.Length).Where(at => (" " + text[..end]).EndsWith(patterns[at], StringComparison.Ordinal));
                Assert.That(automaton.Found(node).ToArray(), Is.EquivalentTo(expected));
            }
        }, seed: "0000KsAXYHQ2", iter: 2000);

    [Test]
    public void Step_UnknownSymbols_LeadBackToTheRoot()
    {
        var automaton = new PhraseAutomaton([" ab"]);
        var node = automaton.Step(automaton.Step(automaton.Start, 'a'), 'x');
        Assert.That(node, Is.Zero);
        Assert.That(automaton.Step(node, 'b'), Is.Zero);
        Assert.That(automaton.Step(node, ' '), Is.EqualTo(automaton.Start));
    }

    [Test]
    public void Step_NoPatterns_FindsNothing()
    {
        var automaton = new PhraseAutomaton([]);
        Assert.That(automaton.Found(automaton.Step(automaton.Start, 'a')).Length, Is.Zero);
    }
}

// Several costs and rewards as one: every text and every cut against the parts scored by themselves.

using System.Text;
using InferenceGuard.Scoring;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Scoring;

internal sealed class CombinedCostTests
{
    private static readonly ScorerSpec Spec = new(
    [
        .. ScorerSpec.BuiltIn,
        new ScorerScheme("word", "word:NAME") { Cost = static argument => Word(argument.Subject, 1), Reward = static argument => Phrases.Reward(new Dictionary<string, double> { [argument.Subject] = 1 }) },
        new ScorerScheme("closing", "closing:NAME") { Cost = static argument => new Closing(argument.Subject) },
    ]);

    [TestCase(Combination.Sum, "a b a c", 2 * 2 + 0.5)]
    [TestCase(Combination.Max, "a b a c", 4)]
    [TestCase(Combination.Max, "b b b b b b b b b", 4.5)]
    [TestCase(Combination.Sum, "", 0)]
    public void Score_TwoWeightedCosts_IsTheirCombination(Combination combination, string text, double expected)
    {
        using var cost = new CombinedCost([(Word("a", 1), 2), (Word("b", 1), 0.5)], combination);
        Assert.That(cost.Score("", text, ended: true), Is.EqualTo(expected));
        Assert.That(cost.IsMonotone, Is.True);
        using var session = cost.Open("", 2);
        var (batch, scores) = (new ScoringBatch(2, 1), new double[2]);
        foreach (var piece in text.Chunk(3))
        {
            batch.Clear();
            batch.Add(1, ended: false);
            batch.Append(new(0), Encoding.UTF8.GetBytes(piece), 0);
            batch.Add(0, ended: false);
            session.Extend(batch, scores);
        }
        if (text.Length > 0)
            Assert.That(scores, Is.EqualTo(new[] { expected, 0 }), "block by block, and nothing in the other slot");
    }

    [Test]
    public void Fork_ASlot_CopiesEveryPart()
    {
        using var cost = new CombinedCost([(Word("a", 1), 1), (Word("b", 1), 10)], Combination.Sum);
        using var session = cost.Open("", 2);
        var (batch, scores) = (new ScoringBatch(2, 1), new double[1]);
        Extend(0, "a b ");
        session.Fork(0, 1);
        Extend(1, "b ");
        Assert.That(scores[0], Is.EqualTo(21));
        Extend(0, "a ");
        Assert.That(scores[0], Is.EqualTo(12));

        void Extend(int slot, string text)
        {
            batch.Clear();
            batch.Add(slot, ended: false);
            batch.Append(new(0), Encoding.UTF8.GetBytes(text), 0);
            session.Extend(batch, scores);
        }
    }

    [Test]
    public void IsMonotone_ANegativeWeightOrSuchAPart_IsNot()
    {
        using var negative = new CombinedCost([(Word("a", 1), -1)], Combination.Sum);
        using var part = new CombinedCost([(Word("a", 1), 1), (Word("b", -1), 1)], Combination.Sum);
        Assert.That(negative.IsMonotone || part.IsMonotone, Is.False);
    }

    [TestCase(double.NaN)]
    [TestCase(double.NegativeInfinity)]
    [TestCase(double.PositiveInfinity)]
    public void Score_APartThatIsNotFinite_IsNotHiddenByTheMaximum(double broken)
    {
        foreach (var parts in ((ICost, double)[][])[[(Word("a", 1), 1), (new Constant(broken), 1)], [(new Constant(broken), 1), (Word("a", 1), 1)]])
            Assert.That(double.IsFinite(new CombinedCost(parts, Combination.Max).Score("", "a", ended: true)), Is.False);
    }

    [Test]
    public void Cost_BudgetsOfTheirOwn_AreKeptByEach()
    {
        using var cost = (CombinedCost)Spec.Cost(["word:a,budget=2", "word:b,budget=5"], Combination.Max);
        foreach (var (text, isWithin) in ((string, bool)[])[("a a b b b b b", true), ("a a a", false), ("b b b b b b", false), ("", true)])
            Assert.That(cost.Score("", text, ended: true) <= new GuardOptions().Budget, Is.EqualTo(isWithin), text);
        Assert.That(cost.Name, Is.EqualTo("max(5 × cost, 2 × cost)"));
    }

    [TestCase("word:a,budget=0", "budget is 0")]
    [TestCase("word:a,budget=-1", "budget is -1")]
    [TestCase("word:a,budget=much", "finite number")]
    [TestCase("word:a,budget=1,budget=2", "given twice")]
    public void Cost_AWrongBudget_IsRefused(string spec, string says) =>
        Assert.That(() => Spec.Cost([spec], Combination.Max), Throws.TypeOf<GuardException>().With.Message.Contains(says));

    [Test]
    public void Cost_ABudgetOfItsOwnInASum_IsRefused() =>
        Assert.That(() => Spec.Cost(["word:a,budget=1", "word:b"]), Throws.TypeOf<GuardException>().With.Message.Contains("--combine max"));

    [Test]
    public void Cost_ALaterOneThatIsWrong_ClosesTheEarlierOnes()
    {
        Assert.That(() => Spec.Cost(["closing:one", "nothing:x"]), Throws.TypeOf<GuardException>());
        Assert.That(Closing.Closed, Does.Contain("one"));
    }

    [Test]
    public void Cost_PhrasesWithAWeight_AreMultiplied()
    {
        var path = Path.Combine(TestFolder.Path, "weighted, twice.json");
        File.WriteAllText(path, """{"kind":"cost","name":"w","rules":[{"id":"x","weight":3,"any":["x"]}]}""");
        Assert.That(Spec.Cost($"phrases:{path},weight=2.5").Score("", "x", ended: true), Is.EqualTo(7.5));
        Assert.That(() => Spec.Cost($"phrases:{path},colour=red"), Throws.TypeOf<GuardException>().With.Message.Contains("no option \"colour\""));
    }

    [Test]
    public void Reward_Several_AreAdded()
    {
        var reward = Spec.Reward(["word:a", "word:b"]);
        using var session = reward.Open("", 1);
        var (batch, scores) = (new ScoringBatch(1, 1), new double[1]);
        batch.Add(0, ended: true);
        batch.Append(new(0), "a b b"u8, 0);
        session.Extend(batch, scores);
        Assert.That(scores[0], Is.EqualTo(3));
        Assert.That(reward.Name, Is.EqualTo("sum(reward, reward)"));
    }

    private static PhraseCost Word(string word, double weight) => Phrases.Cost(new Dictionary<string, double> { [word] = weight });

    private class Constant(double value) : ICost
    {
        public string Name => "constant";

        public bool IsMonotone => true;

        public double Score(string prompt, string answer, bool ended) => value;

        public IScoringSession Open(string prompt, int slots) => throw new NotSupportedException();
    }

    private sealed class Closing(string name) : Constant(0), IDisposable
    {
        public static List<string> Closed { get; } = [];

        public void Dispose() => Closed.Add(name);
    }
}

// The paper's theorem, over the real model's own probabilities: the optimum of the augmented process keeps the budget almost surely.

using InferenceGuard.Search;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Exactness;

/// <summary>
/// The policy chooses the first token of every block and the model draws the second. All positive-probability trajectories are walked.
/// </summary>
internal sealed class AugmentedProcessTests
{
    private static readonly double[] s_budgets = [-1, 0, 6, 10, 12, 15, 21, 40];

    [TestCase(1)]
    [TestCase(0.999)]
    [TestCase(0.9)]
    public void Policy_AugmentedObjective_IsSafeAlmostSurelyWhereverAPolicyCanBe(double discount)
    {
        var (process, root) = (Process(discount), RestrictedHearth.Answers[RestrictedHearth.Prompts[0]]);
        var (can, cannot) = (0, 0);
        foreach (var budget in s_budgets)
            foreach (var (at, _) in process.Reachable(new(root, budget)))
            {
                var objective = process.Augmented(LargeEnough(process, at));
                var worst = process.Walk(at, objective).Min(static end => end.End.State);
                if (process.HasSafePolicy(at))
                {
                    can++;
                    Assert.That(worst, Is.GreaterThanOrEqualTo(0), $"after \"{at.Node.Text}\" with z = {at.State}");
                    // Nothing is lost by the penalty: no policy that is safe almost surely is worth more. Sums of a few hundred terms up to 60.
                    Assert.That(process.Value(at, objective), Is.EqualTo(process.Value(at, process.Augmented(double.PositiveInfinity))).Within(1e-9));
                }
                else
                {
                    cannot++;
                    Assert.That(worst, Is.LessThan(0));
                }
            }
        Assert.That(can, Is.GreaterThan(300), "states from which safety is possible");
        Assert.That(cannot, Is.GreaterThan(300), "states from which it is not");
    }

    [Test]
    public void Policy_AugmentedObjective_KeepsTheBudgetByAnotherCount([Values(0, 6, 10, 12, 15, 21, 40)] double budget)
    {
        var process = Process(0.9);
        foreach (var prompt in RestrictedHearth.Prompts)
        {
            Place start = new(RestrictedHearth.Answers[prompt], budget);
            var ends = process.Walk(start, process.Augmented(LargeEnough(process, start))).ToArray();
            Assert.That(ends.Sum(static end => end.Probability), Is.EqualTo(1).Within(1e-12), "all trajectories were walked");
            foreach (var (end, _) in ends)
                Assert.That(Spent(end, 0.9), Is.LessThanOrEqualTo(budget + 1e-9), $"(M1) of \"{end.Node.Text}\"");
        }
    }

    [Test]
    public void Policy_RewardAlone_Violates([ValueSource(typeof(RestrictedHearth), nameof(RestrictedHearth.Prompts))] string prompt)
    {
        var process = Process(0.9);
        var ends = process.Walk(Start(prompt), process.Discounted).ToArray();
        Assert.That(ends.Any(static end => Spent(end.End, 0.9) > 10));
        Assert.That(ends, Has.All.Matches<(Place End, double)>(static end => end.End.IsSafe == Spent(end.End, 0.9) <= 10), "z and (M1) agree");
    }

    [Test]
    public void Policy_ExpectedCostWithinBudget_StillViolates([ValueSource(typeof(RestrictedHearth), nameof(RestrictedHearth.Prompts))] string prompt)
    {
        // The smallest λ whose policy keeps the budget on average, as a Lagrangian method would find it.
        var process = Process(0.9);
        for (var lambda = 0.0; ; lambda += 0.05)
        {
            var ends = process.Walk(Start(prompt), end => process.Discounted(end) - lambda * Spent(end, 0.9)).ToArray();
            if (ends.Sum(static end => end.Probability * Spent(end.End, 0.9)) > 10)
                continue;
            Assert.That(ends.Where(static end => Spent(end.End, 0.9) > 10).Sum(static end => end.Probability), Is.GreaterThan(0));
            return;
        }
    }

    [Test]
    public void Policy_SmallPenalty_Violates([ValueSource(typeof(RestrictedHearth), nameof(RestrictedHearth.Prompts))] string prompt)
    {
        // n = 1 is less than what a risk earns: the penalty must be large beside R / P(violation).
        var process = Process(0.9);
        Assert.That(process.HasSafePolicy(Start(prompt)));
        Assert.That(process.Walk(Start(prompt), process.Augmented(1)).Any(static end => !end.End.IsSafe));
    }

    private static AugmentedProcess Process(double discount) =>
        new(RestrictedHearth.Options with { Discount = discount }, static length => length % RestrictedHearth.Options.BlockTokens == 0);

    private static Place Start(string prompt) => new(RestrictedHearth.Answers[prompt], RestrictedHearth.Options.Budget);

    // A policy that violates with positive probability does so with that of one trajectory at least, and loses n times as much.
    private static double LargeEnough(AugmentedProcess process, Place start) =>
        (1 + start.Node.All.Max(static node => Math.Max(node.Reward, node.EndedReward))) / process.RarestTrajectory(start);

    // The left side of (M1) for a whole text: costs of its prefixes at block ends by code that shares nothing with the product.
    private static double Spent(Place end, double discount)
    {
        var (spent, before, words) = (0.0, 0.0, end.Node.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        for (var step = 0; step < end.Steps; step++)
        {
            var isLast = step + 1 == end.Steps;
            var prefix = isLast ? words : words[..((step + 1) * RestrictedHearth.Options.BlockTokens)];
            var cost = new PhraseRecount(string.Join(' ', prefix)).Score(RestrictedHearth.CostFile, "", isLast && end.End == EndReason.EndOfText);
            spent += Math.Pow(discount, step) * (cost - before);
            before = cost;
        }
        return spent;
    }
}

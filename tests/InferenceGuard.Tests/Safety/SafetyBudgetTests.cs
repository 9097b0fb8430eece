// The arithmetic of the constraint (M1), the state update (M2) and safety (M3).

using CsCheck;
using InferenceGuard.Safety;

namespace InferenceGuard.Tests.Safety;

internal sealed class SafetyBudgetTests
{
    [Test]
    public void Charge_OneStep_SubtractsThenDividesByDiscount()
    {
        var budget = new SafetyBudget(10, 0.5);
        Assert.That(budget.Charge(budget.Start, 4).Value, Is.EqualTo((10 - 4) / 0.5));
    }

    [Test]
    public void Charge_CostAboveState_IsUnsafeAndStaysUnsafeUnderFurtherCosts()
    {
        var budget = new SafetyBudget(10, 0.9);
        var state = budget.Charge(budget.Charge(budget.Start, 8), 9);
        Assert.That(state.IsSafe, Is.False);
        Assert.That(budget.Charge(state, 0).IsSafe, Is.False);
    }

    [Test]
    public void Charge_NegativeCost_LetsTheStateRecover()
    {
        var budget = new SafetyBudget(1, 1);
        Assert.That(budget.Charge(budget.Charge(budget.Start, 3), -2).IsSafe, Is.True);
    }

    [Test]
    public void Charge_AnyTrajectory_IsSafeExactlyWhenTheDiscountedSumIsWithinBudget() =>
        Gen.Select(Gen.Double[0.5, 1], Gen.Double[0.1, 20], Gen.Double[-2, 5].Array[1, 12]).Sample((discount, total, costs) =>
        {
            var budget = new SafetyBudget(total, discount);
            var state = budget.Start;
            var (sum, weight) = (0.0, 1.0);
            foreach (var cost in costs)
            {
                state = budget.Charge(state, cost);
                sum += weight * cost;
                weight *= discount;
            }
            // Rounding may decide when the sum meets the budget to the last digits.
            return Math.Abs(sum - total) < 1e-9 || state.IsSafe == sum <= total;
        }, seed: "0000KOIPTZnO", iter: 2000);

    [TestCase(double.NaN)]
    [TestCase(double.PositiveInfinity)]
    [TestCase(double.NegativeInfinity)]
    public void Charge_CostNotFinite_IsAnErrorNotSafe(double cost)
    {
        var budget = new SafetyBudget(10, 0.999);
        Assert.That(() => budget.Charge(budget.Start, cost), Throws.TypeOf<GuardException>().With.Message.Contains("finite"));
    }

    [TestCase(double.NaN, 0.9)]
    [TestCase(double.PositiveInfinity, 0.9)]
    [TestCase(10, 0)]
    [TestCase(10, -0.1)]
    [TestCase(10, 1.0001)]
    [TestCase(10, double.NaN)]
    public void Constructor_ValueOutOfRange_IsAUsageError(double total, double discount) =>
        Assert.That(() => new SafetyBudget(total, discount), Throws.TypeOf<GuardException>().With.Property("Fault").EqualTo(GuardFault.Usage));

    [Test]
    public void IsSafe_StateNotANumber_IsFalse() =>
        Assert.That(new SafetyState(double.NaN).IsSafe, Is.False);
}

// The learning rate: it rises, falls, and is never zero, also after a resumption.

using CsCheck;
using InferenceGuard.Training;

namespace InferenceGuard.Tests.Training;

public sealed class LearningRateScheduleTests
{
    private const string Seed = "0000KsAXYHQ2";
    private const double Relative = 1e-12; // a handful of float64 roundings

    private static readonly LearningRateSchedule s_schedule = new(Peak: 0.01, Steps: 110, WarmupSteps: 10);

    [TestCase(0, 0.001)]
    [TestCase(4, 0.005)]
    [TestCase(9, 0.01)]
    [TestCase(10, 0.01)]
    [TestCase(35, 0.01 * (0.02 + 0.98 * 0.8535533905932737))] // a quarter of the way: (1 + √½) / 2
    [TestCase(60, 0.01 * 0.51)]
    public void At_KnownSteps_IsTheRateByHand(int step, double expected) => Assert.That(s_schedule.At(step), Is.EqualTo(expected).Within(Relative));

    [Test]
    public void At_TheLastStep_IsNearTheFinalShare() => Assert.That(s_schedule.At(109), Is.InRange(0.01 * 0.02, 0.01 * 0.021));

    [Test]
    public void At_WithoutWarmup_BeginsAtThePeak() => Assert.That(new LearningRateSchedule(0.5, 20, 0).At(0), Is.EqualTo(0.5).Within(Relative));

    [Test]
    public void At_AfterAResumption_WarmsUpToTheSameCurve()
    {
        Assert.That(s_schedule.At(50, firstStep: 50), Is.EqualTo(s_schedule.At(50) / 10).Within(Relative));
        Assert.That(s_schedule.At(54, firstStep: 50), Is.EqualTo(s_schedule.At(54) / 2).Within(Relative));
        for (var step = 59; step < 110; step++)
            Assert.That(s_schedule.At(step, firstStep: 50), Is.EqualTo(s_schedule.At(step)), $"step {step}");
    }

    [Test]
    public void At_AnySchedule_RisesThenFallsAndStaysAboveZero() => Gen.Select(Gen.Double[1e-6, 1], Gen.Int[1, 300], Gen.Double[0, 1]).Sample(static (peak, steps, share) =>
    {
        var schedule = new LearningRateSchedule(peak, steps, (int)(share * steps));
        var rates = Enumerable.Range(0, steps).Select(step => schedule.At(step)).ToArray();
        Assert.That(rates, Has.All.GreaterThan(0).And.All.LessThanOrEqualTo(peak));
        var top = Math.Max(0, schedule.WarmupSteps - 1);
        Assert.That(rates[..(top + 1)], Is.Ordered.Ascending);
        Assert.That(rates[top..], Is.Ordered.Descending);
    }, seed: Seed, iter: 300);
}

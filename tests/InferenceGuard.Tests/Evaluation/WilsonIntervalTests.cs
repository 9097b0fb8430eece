// The interval against published values, and its properties over all small counts.

using InferenceGuard.Evaluation;

namespace InferenceGuard.Tests.Evaluation;

public sealed class WilsonIntervalTests
{
    // Newcombe, Statistics in Medicine 17 (1998) 857–872, table I, method 3, and the usual examples of ten trials.
    [TestCase(8, 10, 0.4902, 0.9433)]
    [TestCase(0, 10, 0, 0.2775)]
    [TestCase(10, 10, 0.7225, 1)]
    [TestCase(81, 263, 0.2553, 0.3662)]
    [TestCase(15, 148, 0.0624, 0.1605)]
    [TestCase(0, 20, 0, 0.1611)]
    [TestCase(1, 29, 0.0061, 0.1718)]
    public void Of_PublishedCounts_GivesThePublishedInterval(int successes, int trials, double low, double high)
    {
        var interval = WilsonInterval.Of(successes, trials);
        // The tables have four decimals.
        Assert.That(interval.Low, Is.EqualTo(low).Within(6e-5));
        Assert.That(interval.High, Is.EqualTo(high).Within(6e-5));
    }

    [Test]
    public void Of_EveryShareOfFewTrials_HoldsTheShareAndStaysInRange()
    {
        Assert.That(WilsonInterval.Of(0, 0), Is.EqualTo(new WilsonInterval(0, 1)));
        for (var trials = 1; trials <= 60; trials++)
            for (var successes = 0; successes <= trials; successes++)
            {
                var (low, high) = WilsonInterval.Of(successes, trials);
                Assert.That(successes / (double)trials, Is.InRange(low, high));
                Assert.That(low, Is.InRange(0, 1));
                Assert.That(high, Is.InRange(low, 1));
            }
    }

    [TestCase(-1, 3)]
    [TestCase(4, 3)]
    [TestCase(0, -1)]
    public void Of_ImpossibleCounts_Throws(int successes, int trials) =>
        Assert.That(() => WilsonInterval.Of(successes, trials), Throws.InstanceOf<ArgumentOutOfRangeException>());
}

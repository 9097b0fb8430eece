// Ranking and calibration measures, against brute force and by hand.

using InferenceGuard.Training.Critics;

namespace InferenceGuard.Tests.Training.Critics;

internal sealed class CriticMetricsTests
{
    [TestCase(2, 1)]
    [TestCase(40, 1)]
    [TestCase(200, 7)]
    [TestCase(300, 1000)]
    public void Auroc_AnyTies_EqualsCountingPairs(int count, int levels)
    {
        var (probabilities, safe) = Random(count, levels);
        double won = 0, pairs = 0;
        for (var one = 0; one < count; one++)
            for (var other = 0; other < count; other++)
                if (safe[one] && !safe[other])
                {
                    won += probabilities[one] > probabilities[other] ? 1 : probabilities[one] == probabilities[other] ? 0.5 : 0;
                    pairs++;
                }
        Assert.That(CriticMetrics.Auroc(probabilities, safe), Is.EqualTo(won / pairs).Within(1e-12));
    }

    [Test]
    public void Auroc_OneKindOnly_IsNoNumber()
    {
        Assert.That(CriticMetrics.Auroc([0.1f, 0.2f], [true, true]), Is.NaN);
        Assert.That(CriticMetrics.Auroc([0.1f, 0.2f], [false, false]), Is.NaN);
        Assert.That(CriticMetrics.Auroc([], []), Is.NaN);
    }

    [Test]
    public void Auroc_ProbabilityNotANumber_EndsAndIsNoNumber()
    {
        var task = Task.Run(static () => CriticMetrics.Auroc([0.5f, float.NaN, 0.2f], [true, false, true]));
        Assert.That(task.Wait(TimeSpan.FromSeconds(20)), "it goes round for ever");
        Assert.That(task.Result, Is.NaN);
    }

    [TestCase(40, 1)]
    [TestCase(200, 7)]
    [TestCase(300, 1000)]
    public void Roc_AnyTies_RisesFromZeroToOneAndEnclosesTheAuroc(int count, int levels)
    {
        var (probabilities, safe) = Random(count, levels);
        var curve = CriticMetrics.Roc(probabilities, safe);
        Assert.That(curve[0], Is.EqualTo((0.0, 0.0)));
        Assert.That(curve[^1], Is.EqualTo((1.0, 1.0)));
        Assert.That(curve, Has.Count.EqualTo(probabilities.Distinct().Count() + 1), "one point per threshold");
        var area = 0.0;
        foreach (var (left, right) in curve.Zip(curve.Skip(1)))
        {
            Assert.That(right.FalseRate >= left.FalseRate && right.TrueRate >= left.TrueRate);
            area += (right.FalseRate - left.FalseRate) * (left.TrueRate + right.TrueRate) / 2;
        }
        Assert.That(area, Is.EqualTo(CriticMetrics.Auroc(probabilities, safe)).Within(1e-12));
    }

    [Test]
    public void Roc_ByHand_HasAPointPerThreshold() =>
        Assert.That(CriticMetrics.Roc([0.9f, 0.5f, 0.5f, 0.1f], [true, true, false, false]), Is.EqualTo(((double, double)[])[(0, 0), (0, 0.5), (0.5, 1), (1, 1)]));

    [Test]
    public void Roc_OneKindOnly_IsEmpty() => Assert.That(CriticMetrics.Roc([0.1f, 0.2f], [true, true]), Is.Empty);

    [Test]
    public void CalibrationError_ByHand_WeighsBinsByTheirExamples()
    {
        // Fifteenths: two examples in bin 0 at 0.02 and 0.04, one safe; three in bin 14, of which 1.0 is one, two safe; one in bin 7.
        float[] probabilities = [0.02f, 0.04f, 0.95f, 1, 0.99f, 0.5f];
        bool[] safe = [true, false, true, true, false, true];
        var bins = CriticMetrics.Reliability(probabilities, safe);
        Assert.That(bins, Has.Count.EqualTo(CriticMetrics.Bins));
        Assert.That(bins.Select(static bin => bin.Count), Is.EqualTo((int[])[2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3]));
        Assert.That(bins[0].Predicted, Is.EqualTo(0.03).Within(1e-7));
        Assert.That((bins[0].Observed, bins[7].Observed), Is.EqualTo((0.5, 1.0)));
        Assert.That(bins[14].Predicted, Is.EqualTo(0.98).Within(1e-7));
        Assert.That(bins[14].Observed, Is.EqualTo(2 / 3.0).Within(1e-12));
        var expected = 2 / 6.0 * 0.47 + 1 / 6.0 * 0.5 + 3 / 6.0 * (0.98 - 2 / 3.0);
        Assert.That(CriticMetrics.CalibrationError(probabilities, safe), Is.EqualTo(expected).Within(1e-7));
    }

    [Test]
    public void CalibrationError_SharesAsPredicted_IsZero() =>
        Assert.That(CriticMetrics.CalibrationError([0.25f, 0.25f, 0.25f, 0.25f, 0.75f, 0.75f, 0.75f, 0.75f], [true, false, false, false, true, true, true, false]), Is.Zero);

    private static (float[] Probabilities, bool[] Safe) Random(int count, int levels)
    {
        var random = new Random(count);
        var safe = Enumerable.Range(0, count).Select(at => at == 0 || (at != 1 && random.Next(3) == 0)).ToArray();
        return ([.. safe.Select(isSafe => random.Next(isSafe ? levels : (levels + 1) / 2) / (float)levels)], safe);
    }
}

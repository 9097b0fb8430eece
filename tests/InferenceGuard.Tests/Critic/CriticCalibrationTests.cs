// Conformal thresholds: the order statistic by hand, what it promises by simulation, and whose calibration is refused.

using InferenceGuard.Critic;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Critic;

internal sealed class CriticCalibrationTests
{
    private static readonly LatentCritic s_critic = RandomCritic.Of(3, [2], 1);

    // k = ⌈10 · (1 − α)⌉ of the nine: the k-th smallest −f¹ is the (10 − k)-th smallest f¹.
    [TestCase(0.1, 0.1f)]
    [TestCase(0.15, 0.1f)]
    [TestCase(0.2, 0.2f)]
    [TestCase(0.25, 0.2f)]
    [TestCase(0.5, 0.5f)]
    [TestCase(0.85, 0.8f)]
    [TestCase(0.95, 0.9f)]
    public void Threshold_NineSafeAnswers_IsJustBelowTheOrderStatistic(double alpha, float worst)
    {
        var threshold = Of([0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f, 0.8f, 0.9f]).Threshold(alpha);
        Assert.That(threshold, Is.EqualTo(MathF.BitDecrement(worst)), "an answer with exactly that f1 is kept, the next lower one is cut");
    }

    [Test]
    public void Threshold_OneShareOfM_NeedsMMinusOneSafeAnswersAndSaysSo()
    {
        for (var m = 2; m <= 2000; m++)
        {
            var alpha = 1.0 / m;
            Assert.That(Of(Enumerable.Repeat(0.5f, m - 1)).Threshold(alpha), Is.EqualTo(MathF.BitDecrement(0.5f)), $"1/{m}");
            var error = Assert.Throws<GuardException>(() => Of(Enumerable.Repeat(0.5f, m - 2)).Threshold(alpha));
            Assert.That(error.Message, Does.Contain($"needs {m - 1} safe answers").And.Contains($"has {m - 2}"));
            Assert.That(error.Fault, Is.EqualTo(GuardFault.Usage));
        }
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(-0.1)]
    [TestCase(1.5)]
    [TestCase(double.NaN)]
    [TestCase(double.PositiveInfinity)]
    public void Threshold_AlphaOutOfRange_IsAUsageErrorThatQuotesIt(double alpha) =>
        Assert.That(() => Of([0.5f]).Threshold(alpha), Throws.TypeOf<GuardException>().With.Message.Contains($"--alpha is {alpha}").And.Property("Fault").EqualTo(GuardFault.Usage));

    [TestCase(19, 0.05, 0)]
    [TestCase(30, 0.05, 0)]
    [TestCase(50, 0.1, 0)]
    [TestCase(47, 0.3, 0)]
    [TestCase(50, 0.1, 16)]
    public void Threshold_NewSafeAnswer_IsCutWithProbabilityAtMostAlpha(int count, double alpha, int levels)
    {
        const int Splits = 20_000;
        var random = new Random(12);
        var cut = 0;
        for (var split = 0; split < Splits; split++)
        {
            var worst = Enumerable.Range(0, count + 1).Select(_ => Draw()).ToArray();
            if (worst[^1] <= Of(worst[..^1].Order()).Threshold(alpha))
                cut++;
        }
        // Four standard deviations of a binomial share; the seed is fixed, so this either holds always or never.
        var noise = 4 * Math.Sqrt(alpha * (1 - alpha) / Splits);
        Assert.That(cut / (double)Splits, Is.LessThan(alpha + noise));
        if (levels == 0) // Without ties no larger threshold would do: the share is ⌊(n + 1) α⌋ / (n + 1).
            Assert.That(cut / (double)Splits, Is.EqualTo(Math.Floor((count + 1) * alpha + 1e-9) / (count + 1)).Within(noise));

        // Skewed towards 1, as a critic's are; in levels, so that there are ties.
        float Draw()
        {
            var value = MathF.Sqrt(random.NextSingle());
            return levels == 0 ? value : (1 + MathF.Floor(value * levels)) / (levels + 1);
        }
    }

    [Test]
    public void MissRate_ByHand_CountsUnsafeAnswersThatAreNeverCut()
    {
        var calibration = Of([0.5f]) with { Unsafe = [0.1f, 0.3f, 0.3f, 0.8f, 1] };
        Assert.That(calibration.MissRate(0.3f), Is.EqualTo(0.4), "an f1 that equals the threshold is cut");
        Assert.That(calibration.MissRate(0), Is.EqualTo(1));
        Assert.That(calibration.MissRate(1), Is.Zero);
        Assert.That((calibration with { Unsafe = [] }).MissRate(0.3), Is.Zero);
    }

    [Test]
    public void ReadBeside_Written_IsTheSame()
    {
        var (path, calibration) = Written("calibrated.safetensors");
        var read = CriticCalibration.ReadBeside(path, s_critic)!;
        Assert.That(CriticCalibration.PathBeside(path), Is.EqualTo(path.Replace(".safetensors", ".calibration.json", StringComparison.Ordinal)));
        Assert.That(read.Safe, Is.EqualTo(calibration.Safe));
        Assert.That(read.Unsafe, Is.EqualTo(calibration.Unsafe));
        Assert.That(read with { Safe = calibration.Safe, Unsafe = calibration.Unsafe }, Is.EqualTo(calibration));
        Assert.That(Directory.GetFiles(TestFolder.Path, "calibrated*.partial"), Is.Empty);
    }

    [Test]
    public void ReadBeside_NoFile_IsNone()
    {
        var path = Path.Combine(TestFolder.Path, "uncalibrated.safetensors");
        CriticFile.Write(path, s_critic);
        Assert.That(CriticCalibration.ReadBeside(path, s_critic), Is.Null);
    }

    [Test]
    public void ReadBeside_CriticTrainedAnew_IsRefused()
    {
        var (path, _) = Written("calibrated-before.safetensors");
        var other = RandomCritic.Of(3, [2], 2);
        CriticFile.Write(path, other);
        Refuses(path, other, "another critic");
    }

    [Test]
    public void ReadBeside_AnotherBinding_IsRefused()
    {
        var (path, _) = Written("calibrated-bound.safetensors");
        foreach (var binding in (CriticBinding[])[
            s_critic.Binding with { ModelFingerprint = new('b', 64) }, s_critic.Binding with { Quantization = "F16" }, s_critic.Binding with { Cost = "another" }])
            Refuses(path, s_critic with { Binding = binding }, "another critic, model or cost");
        Assert.That(CriticCalibration.ReadBeside(path, s_critic), Is.Not.Null);
    }

    [TestCase("")]
    [TestCase("null")]
    [TestCase("[]")]
    [TestCase("""{"critic":""")]
    [TestCase("""{"critic":"a","model_fingerprint":"b","quantization":"c","cost":"d","safe":[0.5]}""")]
    public void ReadBeside_BrokenFile_IsRefused(string text)
    {
        var (path, _) = Written("calibrated-broken.safetensors");
        File.WriteAllText(CriticCalibration.PathBeside(path), text);
        Refuses(path, s_critic, "calibrate again");
    }

    [TestCase("[0.25,0.5,0.75]", "null")]
    [TestCase("[0.25,0.5,0.75]", "[0.5,0.25,0.75]")]
    [TestCase("[0.25,0.5,0.75]", "[-0.25,0.5,0.75]")]
    [TestCase("[0.25,0.5,0.75]", "[0.25,0.5,1.75]")]
    [TestCase("[0.25,0.5,0.75]", "[0.25,NaN,0.75]")]
    [TestCase("[0.125]", "[0.125,0]")]
    public void ReadBeside_NumbersThatAreNoOrderedProbabilities_AreRefused(string written, string changed)
    {
        var (path, _) = Written("calibrated-numbers.safetensors");
        var beside = CriticCalibration.PathBeside(path);
        var text = File.ReadAllText(beside);
        Assert.That(text, Does.Contain(written));
        File.WriteAllText(beside, text.Replace(written, changed, StringComparison.Ordinal));
        Refuses(path, s_critic, "calibrate again");
    }

    [Test]
    public void Write_FolderThatIsNotThere_IsAnErrorNamingTheFile() =>
        Assert.That(() => Of([0.5f]).Write(Path.Combine(TestFolder.Path, "no such folder", "critic.safetensors")),
            Throws.TypeOf<GuardException>().With.Message.Contains("critic.calibration.json").And.Property("Fault").EqualTo(GuardFault.Environment));

    private static void Refuses(string path, LatentCritic critic, string says)
    {
        var error = Assert.Throws<GuardException>(() => CriticCalibration.ReadBeside(path, critic));
        Assert.That(error.Fault, Is.EqualTo(GuardFault.Usage));
        Assert.That(error.Message, Does.Contain(CriticCalibration.PathBeside(path)).And.Contains(says).And.Not.Contains("\n"));
    }

    private static (string Path, CriticCalibration Calibration) Written(string name)
    {
        var path = Path.Combine(TestFolder.Path, name);
        CriticFile.Write(path, s_critic);
        var calibration = Of([0.25f, 0.5f, 0.75f]) with { Critic = CriticCalibration.HashOf(path), Unsafe = [0.125f] };
        calibration.Write(path);
        return (path, calibration);
    }

    private static CriticCalibration Of(IEnumerable<float> safe) => new()
    {
        Critic = new('0', 64), ModelFingerprint = s_critic.Binding.ModelFingerprint, Quantization = s_critic.Binding.Quantization,
        Cost = s_critic.Binding.Cost, Safe = [.. safe], Unsafe = [],
    };
}

// The graph of a block's end on a CUDA device: charges bit by bit as on the CPU, predictions against float64, and its own ranking re-done.

using InferenceGuard.Compute;
using InferenceGuard.Interop.Cuda;
using InferenceGuard.Tests.Interop.Cuda;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Compute.Cuda;

[TestFixtureSource(typeof(CudaBindings), nameof(CudaBindings.All))]
internal sealed class BlockEndKernelTests(CudaBinding binding)
{
    private static readonly int[] s_ends = [2, 5];

    [TestCase(1, 1, 1, 37, new[] { 29 }, 57, Category = CheckedKernelTests.Category)]
    [TestCase(7, 5, 3, 130, new[] { 67, 41, 5 }, 57, Category = CheckedKernelTests.Category)]
    [TestCase(70, 66, 7, 70, new[] { 130, 65 }, 611, Category = CheckedKernelTests.Category)]
    [TestCase(33, 33, 33, 64, new[] { 64 }, 1024)]
    [TestCase(160, 128, 40, 128, new[] { 256, 256 }, 1031)]
    [TestCase(640, 511, 128, 13, new[] { 7 }, 203)]
    [TestCase(5, 4, 2, 515, new[] { 521, 33 }, 152_064)]
    public void Run_AnyShape_FollowsTheFormulas(int candidates, int live, int keep, int hiddenWidth, int[] layers, int vocabulary)
    {
        foreach (var precision in (CriticPrecision[])[CriticPrecision.F32, CriticPrecision.F16])
        {
            using var device = CudaDevice.Open(binding, precision);
            var given = new BlockEndCase(candidates, live, steps: 3, hiddenWidth, layers, vocabulary, seed: candidates + live);
            var rules = new BlockEndRules(0.97f, 0.4f, 1000, IgnoresStates: false, keep);
            using var end = device.OpenBlockEnd(given.Weights, vocabulary, s_ends);
            var batch = given.Batch();
            end.Run(batch, rules, given.Logits, given.Hidden);
            given.Check(batch, rules, s_ends, precision == CriticPrecision.F16 ? 8e-3 : 3e-5);
        }
    }

    [TestCase(1, 1)]
    [TestCase(37, 12)]
    [TestCase(700, 700)]
    [Category(CheckedKernelTests.Category)]
    public void Run_WithoutCritic_EqualsTheCpu(int candidates, int keep)
    {
        using var device = CudaDevice.Open(binding);
        using var end = device.OpenBlockEnd(null, 10, []);
        using var cpu = new CpuBlockEnd(null);
        foreach (var ignores in (bool[])[false, true])
        {
            var given = new BlockEndCase(candidates, 0, steps: 5, 0, [], 10, seed: candidates);
            var rules = new BlockEndRules(0.999f, -1, 1e6f, ignores, keep);
            var (batch, expected) = (given.Batch(), given.Batch());
            end.Run(batch, rules, [], []);
            cpu.Run(expected, rules, [], []);
            Assert.That(batch.States, Is.EqualTo(expected.States));
            Assert.That(batch.Scores, Is.EqualTo(expected.Scores));
            Assert.That(batch.Kept[..batch.KeptCount], Is.EqualTo(expected.Kept[..expected.KeptCount]));
        }
    }

    [TestCase("crowded", 1531)]
    [TestCase("masked", 600)]
    [TestCase("ties", 7)]
    [Category(CheckedKernelTests.Category)]
    public void Run_KindsThatTakeOtherPaths_PredictAsFloat64(string kind, int vocabulary) => Run_EveryKindOfLogits_PredictsAsFloat64(kind, vocabulary);

    [Test]
    public void Run_EveryKindOfLogits_PredictsAsFloat64([ValueSource(typeof(LogitRows), nameof(LogitRows.Kinds))] string kind, [Values(7, 20, 1531, 20_011)] int vocabulary)
    {
        using var device = CudaDevice.Open(binding);
        var given = new BlockEndCase(3, 3, steps: 1, 11, [32], vocabulary, seed: 5);
        for (var row = 0; row < 3; row++)
            LogitRows.Of(kind, vocabulary, new(row)).CopyTo(given.Logits, row * vocabulary);
        using var end = device.OpenBlockEnd(given.Weights, vocabulary, s_ends);
        var (batch, rules) = (given.Batch(), new BlockEndRules(1, 0.5f, 1000, IgnoresStates: false, 3));
        end.Run(batch, rules, given.Logits, given.Hidden);
        // The log-sum-exp of logits of 1e4 and more is itself only right to 1e-3.
        given.Check(batch, rules, s_ends, kind is "extreme" or "far apart" ? 1e-3 : 3e-5);
    }

    [Test]
    [Category(CheckedKernelTests.Category)]
    public void Run_AgainWithMoreAndFewerCandidates_ForgetsWhatWasThere()
    {
        using var device = CudaDevice.Open(binding);
        var rules = new BlockEndRules(0.97f, 0.4f, 1000, IgnoresStates: false, 4);
        var large = new BlockEndCase(40, 30, steps: 2, 21, [19, 8], 57, seed: 1);
        using var end = device.OpenBlockEnd(large.Weights, 57, s_ends);
        foreach (var (candidates, live, capacity) in ((int, int, int)[])[(40, 30, 40), (3, 2, 40), (9, 0, 40), (40, 40, 80), (3, 3, 3)])
        {
            var given = new BlockEndCase(candidates, live, steps: 2, 21, [19, 8], 57, seed: candidates) { Weights = large.Weights };
            var batch = given.Batch(capacity);
            end.Run(batch, rules, given.Logits, given.Hidden);
            given.Check(batch, rules, s_ends, 3e-5);
        }
    }

    [TestCase("cost")]
    [TestCase("state")]
    [TestCase("reward")]
    [TestCase("logits")]
    [TestCase("hidden")]
    [TestCase("mean")]
    [TestCase("earned")]
    public void Run_NotANumber_IsAnErrorAndNeverKept(string where)
    {
        using var device = CudaDevice.Open(binding);
        var given = new BlockEndCase(9, 6, steps: 3, 11, [6], 57, seed: 3);
        var batch = given.Batch();
        batch.Charges[1] = 0;
        switch (where)
        {
            case "cost": batch.Charge(1, float.NaN); break;
            case "state": (batch.States[1], batch.Charges[1]) = (float.MaxValue, 0); batch.Charge(1, -float.MaxValue); break;
            case "reward": batch.Values[1] = float.PositiveInfinity; break;
            case "logits": given.Logits[batch.Rows[2] * 57 + 30] = float.NaN; break;
            case "hidden": given.Hidden[batch.Rows[2] * 11 + 3] = float.NaN; break;
            case "mean": batch.Means[2 * 11 + 3] = float.PositiveInfinity; break;
            default: batch.Earned[2] = float.NaN; break;
        }
        using var end = device.OpenBlockEnd(given.Weights, 57, s_ends);
        var beam = where is "cost" or "state" or "reward" ? 1 : batch.Live[2];
        Assert.That(() => end.Run(batch, new(0.9f, 0.4f, 1000, IgnoresStates: false, 4), given.Logits, given.Hidden),
            Throws.TypeOf<GuardException>().With.Property("Fault").EqualTo(GuardFault.Generation).And.Message.Contains($"beam {beam}"));
        Assert.That(batch.KeptCount, Is.Zero);
    }

    [Test]
    public void Run_SteadyState_AllocatesNothing()
    {
        using var device = CudaDevice.Open(binding);
        var given = new BlockEndCase(40, 30, steps: 2, 21, [19, 8], 57, seed: 1);
        using var end = device.OpenBlockEnd(given.Weights, 57, s_ends);
        var (batch, rules) = (given.Batch(), new BlockEndRules(1, 0.4f, 1000, IgnoresStates: false, 4));
        for (var time = 0; time < 3; time++)
            end.Run(batch, rules, given.Logits, given.Hidden);
        Assert.That(Allocations.Of(() => end.Run(batch, rules, given.Logits, given.Hidden)), Is.Zero);
    }
}

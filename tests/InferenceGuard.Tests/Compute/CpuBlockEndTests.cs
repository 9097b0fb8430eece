// Charging, scoring and selecting the candidates of a block's end on the CPU.

using CsCheck;
using InferenceGuard.Compute;

namespace InferenceGuard.Tests.Compute;

internal sealed class CpuBlockEndTests
{
    private static readonly BlockEndRules s_rules = new(0.5f, -1, 1000, IgnoresStates: false, 45);
    private readonly CpuBlockEnd _device = new(null);

    [OneTimeTearDown]
    public void Dispose() => _device.Dispose();

    [Test]
    public void Run_Charges_FollowM2StepByStep()
    {
        var batch = Batch((10, 0), (3, 0), (-1, 0), (7, 0));
        batch.Charge(0, 4);
        batch.Charge(0, 2);
        batch.Charge(1, 5);
        batch.Charge(2, 0);
        Run(batch, s_rules);
        Assert.That(batch.States[..4], Is.EqualTo((float[])[20, -4, -2, 7]));
    }

    [TestCase(float.NaN)]
    [TestCase(float.PositiveInfinity)]
    public void Run_CostNotFinite_IsAnErrorNamingTheBeam(float cost)
    {
        var batch = Batch((1, 0), (1, 0));
        batch.Charge(1, cost);
        Assert.That(() => Run(batch, s_rules), Throws.TypeOf<GuardException>().With.Message.Contains("cost of beam 1"));
    }

    [Test]
    public void Run_CandidatesOverBudget_GetThePenalty()
    {
        var batch = Batch((0, 7), (-0.001f, 100), (5, -3));
        Run(batch, s_rules);
        Assert.That(batch.Scores[..3], Is.EqualTo((float[])[7, -1000, -3]));
        Assert.That(batch.Kept[..batch.KeptCount], Is.EqualTo((int[])[0, 2, 1]));
    }

    [Test]
    public void Run_StatesIgnored_ScoreTheirValues()
    {
        var batch = Batch((0, 7), (-0.001f, 100));
        Run(batch, s_rules with { IgnoresStates = true });
        Assert.That(batch.Scores[..2], Is.EqualTo((float[])[7, 100]));
    }

    [Test]
    public void Run_RewardNotANumber_IsAnError() =>
        Assert.That(() => Run(Batch((1, float.NaN)), s_rules), Throws.TypeOf<GuardException>().With.Message.Contains("reward"));

    [Test]
    public void Run_AnyScores_KeepsWhatAStableSortKeeps() =>
        Gen.Select(Gen.Int[0, 4].Array[1, 40], Gen.Int[0, 2].Array[40], Gen.Int[1, 45]).Sample((scores, states, keep) =>
        {
            var batch = Batch([.. scores.Select((score, beam) => ((float)states[beam], (float)score))]);
            Run(batch, s_rules with { Keep = keep });
            var expected = Enumerable.Range(0, scores.Length).OrderByDescending(beam => scores[beam]).ThenByDescending(beam => states[beam]).Take(keep);
            return batch.Kept.Take(batch.KeptCount).SequenceEqual(expected);
        }, seed: "0000KOIPTZnO", iter: 1000);

    private void Run(BlockEndBatch batch, BlockEndRules rules) => _device.Run(batch, rules, [], []);

    private static BlockEndBatch Batch(params (float State, float Value)[] candidates)
    {
        var batch = new BlockEndBatch(candidates.Length, 2, 0);
        foreach (var (state, value) in candidates)
            _ = batch.Add(state, value);
        return batch;
    }
}

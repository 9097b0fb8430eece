// The critic's forward pass on the CPU against float64, and what it does with latents that are no numbers.

using InferenceGuard.Compute;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Compute;

internal sealed class CpuCriticTests
{
    private static readonly int[] s_ends = [2, 5];

    [TestCase(1, 37, new[] { 29 }, 57)]
    [TestCase(3, 130, new[] { 67, 41, 5 }, 57)]
    [TestCase(128, 515, new[] { 521, 33 }, 61)]
    [TestCase(128, 13, new[] { 7 }, 2003)]
    public void Evaluate_AnyShape_EqualsFloat64OnAnyThreads(int beams, int hiddenWidth, int[] layers, int vocabulary)
    {
        var weights = RandomCritic.Weights(hiddenWidth, layers, 3);
        var latents = new Latents(new(4), beams, beams, hiddenWidth, vocabulary);
        using var critic = new CpuCritic(weights, vocabulary, s_ends, threads: 1);
        var (safe, rewards) = latents.Evaluate(critic);
        for (var beam = 0; beam < beams; beam++)
        {
            var (logit, reward) = ReferenceNetwork.Of(weights, latents.Input(beam, weights));
            // Sums of up to 525 float32 products of size 0.1 in every layer, and the standardisation folded into the first.
            Assert.That(safe[beam], Is.EqualTo(1 / (1 + Math.Exp(-logit))).Within(2e-6 + 1e-5 * Math.Abs(logit)), $"f1 of beam {beam}");
            Assert.That(rewards[beam], Is.EqualTo(reward).Within(5e-6 + 1e-5 * Math.Abs(reward)), $"f2 of beam {beam}");
        }
        using var threaded = new CpuCritic(weights, vocabulary, s_ends, threads: 2);
        for (var time = 0; time < 3; time++)
            Assert.That(latents.Evaluate(threaded), Is.EqualTo((safe, rewards)), "bit-equal on two threads");
    }

    [Test]
    public void Evaluate_RowsInAnyOrder_GivesEachBeamItsOwnRow()
    {
        const int Rows = 6, HiddenWidth = 21, Vocabulary = 57;
        var random = new Random(9);
        var latents = new Latents(random, 40, Rows, HiddenWidth, Vocabulary);
        for (var beam = 0; beam < latents.Rows.Length; beam++)
            latents.Rows[beam] = random.Next(Rows);
        using var critic = new CpuCritic(RandomCritic.Weights(HiddenWidth, [19, 8], 3), Vocabulary, s_ends, threads: 1);
        var (safe, rewards) = latents.Evaluate(critic);
        foreach (var beam in Enumerable.Range(0, latents.Rows.Length))
            Assert.That(latents.Only(beam).Evaluate(critic), Is.EqualTo((safe[beam..(beam + 1)], rewards[beam..(beam + 1)])), $"beam {beam}");
        Assert.That(safe.Distinct().Count(), Is.EqualTo(latents.Rows.Length), "every beam has a state of its own");
    }

    [TestCase(float.NaN)]
    [TestCase(float.PositiveInfinity)]
    [TestCase(float.NegativeInfinity)]
    public void Evaluate_HiddenStateNotFinite_IsAnErrorNamingTheBeam(float bad) =>
        Fails(latents => latents.Hidden[latents.Rows[5] * latents.HiddenWidth + 3] = bad, "beam 5");

    [Test]
    public void Evaluate_StateNotANumber_IsAnError() => Fails(static latents => latents.States[6] = float.NaN, "beam 6");

    [Test]
    public void Evaluate_EarnedNotANumber_IsAnError() => Fails(static latents => latents.Earned[7] = float.NaN, "beam 7");

    [TestCase(1)]
    [TestCase(2)]
    public void Evaluate_LogitsNotNumbers_AreAnErrorOnAnyThread(int threads)
    {
        // So many that the summaries are shared between threads.
        var latents = new Latents(new(4), 128, 128, 8, 4001);
        latents.Logits[100 * 4001 + 17] = float.NaN;
        using var critic = new CpuCritic(RandomCritic.Weights(8, [4], 3), 4001, s_ends, threads);
        Assert.That(() => latents.Evaluate(critic), Throws.TypeOf<GuardException>().With.Property("Fault").EqualTo(GuardFault.Generation));
        latents.Logits[100 * 4001 + 17] = 0;
        Assert.That(() => latents.Evaluate(critic), Throws.Nothing, "what comes after is not harmed");
    }

    [TestCase(1)]
    [TestCase(2)]
    public void Evaluate_SteadyState_AllocatesNothing(int threads)
    {
        var latents = new Latents(new(4), 128, 128, 150, 2500);
        using var critic = new CpuCritic(RandomCritic.Weights(150, [400], 3), 2500, s_ends, threads);
        var (safe, rewards) = (new float[128], new float[128]);
        // The first time that a thread has to wait, the runtime makes a lock; what every call allocates is in all ten.
        var least = long.MaxValue;
        for (var time = 0; time < 10; time++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            latents.Evaluate(critic, safe, rewards);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.That(least, Is.Zero);
    }

    [Test]
    public void Evaluate_NetworkAlone_EqualsFloat64()
    {
        var weights = RandomCritic.Weights(45, [31, 17], 3);
        using var critic = new CpuCritic(weights, 57, s_ends, threads: 1);
        foreach (var beams in (int[])[2, 33, 1])
        {
            var (inputs, outputs) = (RandomCritic.Numbers(new(beams), beams * weights.InputWidth, 3), new float[beams * 2]);
            critic.Evaluate(inputs, outputs);
            for (var beam = 0; beam < beams; beam++)
            {
                var (logit, reward) = ReferenceNetwork.Of(weights, inputs[(beam * weights.InputWidth)..((beam + 1) * weights.InputWidth)]);
                Assert.That(outputs[beam * 2], Is.EqualTo(logit).Within(5e-6 + 1e-5 * Math.Abs(logit)));
                Assert.That(outputs[beam * 2 + 1], Is.EqualTo(reward).Within(5e-6 + 1e-5 * Math.Abs(reward)));
            }
        }
    }

    private static void Fails(Action<Latents> spoil, string says)
    {
        var latents = new Latents(new(4), 9, 9, 11, 57);
        spoil(latents);
        using var critic = new CpuCritic(RandomCritic.Weights(11, [6], 3), 57, s_ends, threads: 1);
        var (safe, rewards) = (new float[9], new float[9]);
        Assert.That(() => latents.Evaluate(critic, safe, rewards),
            Throws.TypeOf<GuardException>().With.Property("Fault").EqualTo(GuardFault.Generation).And.Message.Contains(says));
    }

    /// <summary>What a decode leaves behind, and the beams that ask about it.</summary>
    private sealed record Latents(int HiddenWidth, int Vocabulary, float[] Logits, float[] Hidden, float[] Means, int[] Rows, float[] States, float[] Progress, float[] Earned)
    {
        public Latents(Random random, int beams, int rows, int hiddenWidth, int vocabulary)
            : this(
                hiddenWidth, vocabulary, RandomCritic.Numbers(random, rows * vocabulary, 4), RandomCritic.Numbers(random, rows * hiddenWidth, 2), RandomCritic.Numbers(random, beams * hiddenWidth, 2),
                [.. Enumerable.Range(0, beams).Select(beam => rows - 1 - beam % rows)], RandomCritic.Numbers(random, beams, 10),
                [.. RandomCritic.Numbers(random, beams, 0.5f).Select(static value => 0.5f + value)], RandomCritic.Numbers(random, beams, 5))
        {
        }

        public Latents Only(int beam) => this with { Means = Means[(beam * HiddenWidth)..((beam + 1) * HiddenWidth)], Rows = [Rows[beam]], States = [States[beam]], Progress = [Progress[beam]], Earned = [Earned[beam]] };

        public void Evaluate(CpuCritic critic, float[] safe, float[] rewards) => critic.Evaluate(Logits, Hidden, Means, Rows, States, Progress, Earned, safe, rewards);

        public (float[] Safe, float[] Rewards) Evaluate(CpuCritic critic)
        {
            var (safe, rewards) = (new float[Rows.Length], new float[Rows.Length]);
            Evaluate(critic, safe, rewards);
            return (safe, rewards);
        }

        /// <summary>The input of a beam: h and its mean first, the extra inputs last.</summary>
        public float[] Input(int beam, CriticWeights weights)
        {
            var input = new float[weights.InputWidth];
            Hidden.AsSpan(Rows[beam] * HiddenWidth, HiddenWidth).CopyTo(input);
            Means.AsSpan(beam * HiddenWidth, HiddenWidth).CopyTo(input.AsSpan(HiddenWidth));
            LogitSummary.Of(Logits.AsSpan(Rows[beam] * Vocabulary, Vocabulary), s_ends, input.AsSpan()[^CriticWeights.ExtraInputs..]);
            (input[^3], input[^2], input[^1]) = (States[beam] / weights.Budget, Progress[beam], Earned[beam]);
            return input;
        }
    }
}

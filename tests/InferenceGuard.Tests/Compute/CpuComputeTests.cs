// Sampling on the CPU, against plain double-precision references.

using InferenceGuard.Compute;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Compute;

internal sealed class CpuComputeTests
{
    private static readonly SamplingOptions Plain = new(1, 0, 1, 0);
    private readonly CpuCompute _compute = new();

    [OneTimeTearDown]
    public void Dispose() => _compute.Dispose();

    [TestCase(1, 0, 1, 0)]
    [TestCase(0.7, 0, 1, 0)]
    [TestCase(1, 5, 1, 0)]
    [TestCase(1, 0, 0.8, 0)]
    [TestCase(1, 0, 1, 0.2)]
    [TestCase(1.3, 40, 0.9, 0.05)]
    [TestCase(2.5, 3, 0.5, 0.01)]
    public void Sample_AnyTruncation_FollowsTheReferenceDistribution(double temperature, int topK, double topP, double minP)
    {
        var options = new SamplingOptions((float)temperature, topK, (float)topP, (float)minP);
        var logits = RandomLogits(97, 3, 2);
        var expected = Reference(logits, options, []);
        const int Draws = 40_000;
        var counts = Draw(logits, options, [], Draws);

        var chiSquare = 0.0;
        var degrees = -1;
        for (var token = 0; token < logits.Length; token++)
        {
            if (expected[token] == 0)
                Assert.That(counts[token], Is.Zero, $"token {token} is truncated but was drawn");
            else if (expected[token] * Draws >= 5)
            {
                degrees++;
                chiSquare += Math.Pow(counts[token] - expected[token] * Draws, 2) / (expected[token] * Draws);
            }
        }
        // Mean + 5 standard deviations of a chi-square; the seed is fixed, so this either holds always or never.
        Assert.That(chiSquare, Is.LessThan(degrees + 5 * Math.Sqrt(2 * Math.Max(1, degrees))));
    }

    [Test]
    public void Sample_VocabularyOverManyBlocks_EveryUniformInvertsTheRunningSum()
    {
        var logits = RandomLogits(1531, 11, 1);
        var reference = Reference(logits, Plain, []);
        var uniforms = Enumerable.Range(0, 500).Select(step => step / 500f).ToArray();
        var (tokens, _) = Sample(logits, uniforms, Plain, []);
        for (var draw = 0; draw < uniforms.Length; draw++)
        {
            var below = reference[..tokens[draw]].Sum();
            // Float weights against double: the running sum may differ by 1e-5 of the total.
            Assert.That(uniforms[draw], Is.InRange(below - 1e-5, below + reference[tokens[draw]] + 1e-5));
        }
    }

    [Test]
    public void Sample_TemperatureZero_TakesTheMostProbableAndTiesTheLowestIndex()
    {
        var (tokens, _) = Sample([1, 5, 5, 2], [0.99f], Plain with { Temperature = 0 }, []);
        Assert.That(tokens[0], Is.EqualTo(1));
    }

    [Test]
    public void Sample_Penalty_MovesTheMaximumButNotTheReportedLogProb()
    {
        float[] logits = [1, 5, 4.5f, 2];
        var (tokens, logProbs) = Sample(logits, [0.5f], Plain with { Temperature = 0 }, [new(1, 2f)]);
        Assert.That(tokens[0], Is.EqualTo(2));
        Assert.That(logProbs[0], Is.EqualTo(Math.Log(Reference(logits, Plain, [])[2])).Within(1e-5));
    }

    [Test]
    public void Sample_PenaltyWithTemperature_FollowsTheReferenceDistribution()
    {
        var logits = RandomLogits(23, 5, 1);
        TokenPenalty[] penalties = [new(4, 1.5f), new(17, 0.5f)];
        var options = Plain with { Temperature = 0.8f };
        var expected = Reference(logits, options, penalties);
        var counts = Draw(logits, options, penalties, 50_000);
        for (var token = 0; token < logits.Length; token++)
            Assert.That(counts[token] / 50_000.0, Is.EqualTo(expected[token]).Within(0.011), $"token {token}"); // 5 σ of a share of 0.5
    }

    [Test]
    public void Sample_ExtremeLogits_DrawOnlyWhatHasMass()
    {
        float[] logits = [float.NegativeInfinity, 1e4f, -1e4f, 1e4f];
        var (tokens, logProbs) = Sample(logits, [0f, 0.49f, 0.51f, 0.9999999f], Plain, []);
        Assert.That(tokens, Is.EqualTo((int[])[1, 1, 3, 3]));
        Assert.That(logProbs[0], Is.EqualTo(Math.Log(0.5)).Within(1e-6));
    }

    [TestCase(float.NaN)]
    [TestCase(float.PositiveInfinity)]
    public void Sample_LogitsNotNumbers_IsAnError(float bad) =>
        Assert.That(() => Sample([0, bad, 1], [0.5f], Plain, []), Throws.TypeOf<GuardException>().With.Message.Contains("logits"));

    [Test]
    public void Sample_SharedRowInterleavedWithAnother_GivesEachDrawItsOwnRow()
    {
        float[] logits = [9, 0, 0, 0, 0, 9];
        var tokens = new int[4];
        _compute.Sample(logits, 3, [0, 1, 0, 1], new PhiloxCounter[4], Plain with { Temperature = 0 }, [], tokens, new float[4]);
        Assert.That(tokens, Is.EqualTo((int[])[0, 2, 0, 2]));
    }

    [Test]
    public void Sample_SteadyState_AllocatesNothing()
    {
        var logits = RandomLogits(3 * 1000, 2, 2);
        int[] rows = [0, 0, 1, 2];
        PhiloxCounter[] counters = [.. Enumerable.Range(0, 4).Select(static draw => new PhiloxCounter(5, (uint)draw, 0, 0, 0))];
        var logProbs = new float[4];
        var tokens = new int[4];
        var options = new SamplingOptions(0.8f, 50, 0.9f, 0.01f);
        _compute.Sample(logits, 1000, rows, counters, options, [], tokens, logProbs);
        Assert.That(Allocations.Of(() => _compute.Sample(logits, 1000, rows, counters, options, [], tokens, logProbs)), Is.Zero);
    }

    private static (int[] Tokens, float[] LogProbs) Sample(float[] logits, float[] uniforms, SamplingOptions options, TokenPenalty[] penalties)
    {
        using var sampler = new CpuSampler();
        sampler.Prepare(logits, options, penalties);
        var draws = uniforms.Select(sampler.Draw).ToArray();
        return ([.. draws.Select(static draw => draw.Token)], [.. draws.Select(static draw => draw.LogProb)]);
    }

    private static int[] Draw(float[] logits, SamplingOptions options, TokenPenalty[] penalties, int draws)
    {
        var uniforms = Enumerable.Range(0, draws).Select(draw => Philox.Uniform(42, ((uint)draw, 0, 0, 0))).ToArray();
        var counts = new int[logits.Length];
        foreach (var token in Sample(logits, uniforms, options, penalties).Tokens)
            counts[token]++;
        return counts;
    }

    // Temperature, top-k, top-p, min-p by full sort in double precision.
    private static double[] Reference(float[] logits, SamplingOptions options, TokenPenalty[] penalties)
    {
        var modified = logits.Select(logit => (double)logit).ToArray();
        foreach (var penalty in penalties)
            modified[penalty.Token] -= penalty.Amount;
        var maximum = modified.Max();
        var weights = modified.Select(logit => Math.Exp((logit - maximum) / options.Temperature)).ToArray();
        var order = Enumerable.Range(0, weights.Length).OrderByDescending(token => weights[token]).ToList();
        if (options.TopK > 0)
            order = order.Take(options.TopK).ToList();
        var total = order.Sum(token => weights[token]);
        var (nucleus, kept) = (0.0, new List<int>());
        foreach (var token in order)
        {
            if (kept.Count > 0 && (nucleus >= options.TopP * total || weights[token] < options.MinP))
                break;
            nucleus += weights[token];
            kept.Add(token);
        }
        var probabilities = new double[weights.Length];
        foreach (var token in kept)
            probabilities[token] = weights[token] / nucleus;
        return probabilities;
    }

    private static float[] RandomLogits(int count, int seed, double scale)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5) * 2 * scale))];
    }
}

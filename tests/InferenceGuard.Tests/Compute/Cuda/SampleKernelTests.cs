// The sampling kernel against a full sort in double precision, and against the CPU's draws.

using InferenceGuard.Compute;
using InferenceGuard.Interop.Cuda;
using InferenceGuard.Tests.Interop.Cuda;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Compute.Cuda;

[TestFixtureSource(typeof(CudaBindings), nameof(CudaBindings.All))]
internal sealed class SampleKernelTests(CudaBinding binding)
{
    private static readonly SamplingOptions s_plain = new(1, 0, 1, 0);

    private static readonly SamplingOptions[] s_options =
    [
        s_plain, new(0.7f, 0, 1, 0), new(0, 0, 1, 0), new(1, 1, 1, 0), new(1, 7, 1, 0), new(1, 0, 0.8f, 0), new(1, 0, 1e-6f, 0), new(1, 0, 1, 0.2f), new(1.3f, 40, 0.9f, 0.05f),
        new(2.5f, 3, 0.5f, 0.01f), new(0.8f, 0, 0.95f, 0.1f), new(1, 1_000_000, 1, 0),
    ];

    // Two float32 exponentials and the integer sums against float64: a share's border may move by this.
    private const double BorderTolerance = 2e-6;

    private readonly CudaCompute _device = CudaDevice.Open(binding);
    private readonly CpuCompute _cpu = new();

    [OneTimeTearDown]
    public void Dispose()
    {
        _device.Dispose();
        _cpu.Dispose();
    }

    [Test]
    public void Sample_AnyVocabularyAndTruncation_DrawsAsTheReference(
        [Values(1, 2, 31, 33, 97, 1024, 1531, 4099)] int vocabulary, [Range(0, 11)] int options) =>
        Check(Logits(vocabulary, 3, vocabulary + options), s_options[options], []);

    [Test]
    public void Sample_LargeVocabularies_DrawAsTheReference([Values(32_000, 152_064)] int vocabulary, [Values(0, 5, 8)] int options) =>
        Check(Logits(vocabulary, 2.5f, vocabulary), s_options[options], [], draws: 3);

    [Test]
    [Category(CheckedKernelTests.Category)]
    public void Sample_Extremes_DrawAsTheReference([Values(0, 1, 2, 3, 4)] int kind, [Values(0, 1, 2, 4, 5, 7, 8)] int options)
    {
        var logits = Logits(777, 1, kind);
        for (var token = 0; token < logits.Length; token++)
            logits[token] = kind switch
            {
                0 => token % 3 == 0 ? 1e4f : token % 3 == 1 ? -1e4f : 9.99e3f,
                1 => token % 5 == 0 ? logits[token] : float.NegativeInfinity,
                2 => 1.5f, // all equal
                3 => token == 400 ? 50 : 0, // one-hot
                _ => MathF.Round(logits[token] * 3), // many ties
            };
        Check(logits, s_options[options], []);
    }

    [Test]
    [Category(CheckedKernelTests.Category)]
    public void Sample_Penalties_ChangeTheDrawAndNotTheLogProb([Values(0, 1, 2, 5, 8)] int options)
    {
        var logits = Logits(301, 1, 9);
        TokenPenalty[] penalties = [new(4, 1.5f), new(17, 0.5f), new(300, 3), new(Array.IndexOf(logits, logits.Max()), 5)];
        Check(logits, s_options[options], penalties);
        Check(logits, s_options[options], []); // nothing of the penalties is left
    }

    [Test]
    [Category(CheckedKernelTests.Category)]
    public void Sample_SharedRows_GiveEachDrawItsOwn()
    {
        float[] logits = [9, 0, 0, 0, 0, 9];
        var (tokens, logProbs) = (new int[5], new float[5]);
        _device.Sample(logits, 3, [0, 1, 0, 1, 1], new PhiloxCounter[5], s_plain with { Temperature = 0 }, [], tokens, logProbs);
        Assert.That(tokens, Is.EqualTo((int[])[0, 2, 0, 2, 2]));
    }

    [TestCase(float.NaN)]
    [TestCase(float.PositiveInfinity)]
    public void Sample_LogitsNotNumbers_AreAnError(float bad)
    {
        var logits = Logits(200, 1, 1);
        logits[123] = bad;
        Assert.That(() => Draw(_device, logits, s_plain, [], 2), Throws.TypeOf<GuardException>().With.Property("Fault").EqualTo(GuardFault.Generation).And.Message.Contains("logits"));
        Assert.That(() => Draw(_device, Logits(200, 1, 1), s_plain, [], 2), Throws.Nothing, "what comes after is not harmed");
    }

    [Test]
    public void Sample_OnlyNegativeInfinity_IsAnError() =>
        Assert.That(() => Draw(_device, [float.NegativeInfinity, float.NegativeInfinity], s_plain, [], 1), Throws.TypeOf<GuardException>());

    [Test]
    public void Sample_SameCounters_DrawWhatTheCpuDraws([Values(0, 1, 5, 8, 9)] int options)
    {
        var logits = Logits(1024, 2.5f, 77);
        Assert.That(Draw(_device, logits, s_options[options], [], 400).Tokens, Is.EqualTo(Draw(_cpu, logits, s_options[options], [], 400).Tokens));
    }

    [Test]
    public void Sample_SteadyState_AllocatesNothing()
    {
        var logits = Logits(500, 1, 1);
        var (rows, counters, tokens, logProbs) = (new int[4], new PhiloxCounter[4], new int[4], new float[4]);
        TokenPenalty[] penalties = [new(4, 1.5f)];
        for (var time = 0; time < 3; time++)
            _device.Sample(logits, 500, rows, counters, s_options[8], penalties, tokens, logProbs);
        Assert.That(Allocations.Of(() => _device.Sample(logits, 500, rows, counters, s_options[8], penalties, tokens, logProbs)), Is.Zero);
    }

    private void Check(float[] logits, SamplingOptions options, TokenPenalty[] penalties, int draws = 40)
    {
        var reference = new SamplingReference(logits, options, penalties);
        var (tokens, logProbs) = Draw(_device, logits, options, penalties, draws);
        for (var draw = 0; draw < draws; draw++)
        {
            Assert.That(reference.Distance(tokens[draw], Counter(draw).Uniform), Is.LessThan(BorderTolerance), $"draw {draw} took token {tokens[draw]}");
            // exp and log in float32, and logits up to 1e4 whose own last bit is 1e-3.
            Assert.That(logProbs[draw], Is.EqualTo(reference.LogProb(tokens[draw])).Within(3e-5).Or.EqualTo(reference.LogProb(tokens[draw])).Within(0.0001).Percent);
        }
    }

    private static PhiloxCounter Counter(int draw) => new(42, (uint)draw, 7, 1, 0);

    private static (int[] Tokens, float[] LogProbs) Draw(ICompute device, float[] logits, SamplingOptions options, TokenPenalty[] penalties, int draws)
    {
        var (tokens, logProbs) = (new int[draws], new float[draws]);
        device.Sample(logits, logits.Length, new int[draws], [.. Enumerable.Range(0, draws).Select(Counter)], options, penalties, tokens, logProbs);
        return (tokens, logProbs);
    }

    // Roughly normal, with the standard deviation given.
    private static float[] Logits(int count, float deviation, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(Enumerable.Range(0, 6).Sum(_ => random.NextDouble()) - 3) * 1.414f * deviation)];
    }
}

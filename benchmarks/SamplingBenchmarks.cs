// Time of sampling N beams from N rows of logits, and of the small per-beam stages.

using BenchmarkDotNet.Attributes;
using InferenceGuard.Compute;

namespace InferenceGuard.Benchmarks;

/// <summary>Sampling, state update, scoring and selection on the CPU; one operation = all N beams once.</summary>
[MemoryDiagnoser]
public class SamplingBenchmarks : IDisposable
{
    private readonly CpuCompute _compute = new();
    private float[] _logits = [];
    private int[] _rows = [];
    private PhiloxCounter[] _counters = [];
    private float[] _logProbs = [];
    private int[] _tokens = [];
    private IBlockEnd? _blockEnd;
    private BlockEndBatch? _batch;

    /// <summary>N.</summary>
    [Params(32, 128)]
    public int Beams { get; set; }

    /// <summary>V.</summary>
    [Params(32_000, 152_064)]
    public int Vocabulary { get; set; }

    /// <summary>Logits with a standard deviation of 2.5, as language models have them.</summary>
    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        _logits = new float[Beams * Vocabulary];
        for (var at = 0; at < _logits.Length; at++)
            _logits[at] = (float)((random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5) * 5);
        _rows = [.. Enumerable.Range(0, Beams)];
        _counters = [.. _rows.Select(static beam => new PhiloxCounter(1, (uint)beam, 0, 0, 0))];
        (_logProbs, _tokens) = (new float[Beams], new int[Beams]);
        (_blockEnd, _batch) = (_compute.OpenBlockEnd(null, Vocabulary, []), new(Beams, 1, 0));
    }

    /// <summary>Frees the device's buffers.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _blockEnd?.Dispose();
        _compute.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Temperature 1, the whole vocabulary.</summary>
    [Benchmark]
    public void SamplePlain() => _compute.Sample(_logits, Vocabulary, _rows, _counters, new(1, 0, 1, 0), [], _tokens, _logProbs);

    /// <summary>Temperature 0.8, top-p 0.9.</summary>
    [Benchmark]
    public void SampleTopP() => _compute.Sample(_logits, Vocabulary, _rows, _counters, new(0.8f, 0, 0.9f, 0), [], _tokens, _logProbs);

    /// <summary>(M2), (M7) and top-K.</summary>
    [Benchmark]
    public int AdvanceScoreSelect()
    {
        _batch!.Clear();
        for (var beam = 0; beam < Beams; beam++)
            _batch.Charge(_batch.Add(10, _counters[beam].Uniform), beam);
        _blockEnd!.Run(_batch, new(0.999f, -1, 1e6f, IgnoresStates: false, Beams / 4), [], []);
        return _batch.KeptCount;
    }
}

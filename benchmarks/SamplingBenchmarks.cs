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
    private float[] _uniforms = [];
    private float[] _logProbs = [];
    private int[] _tokens = [];
    private float[] _states = [];
    private float[] _scores = [];
    private int[] _kept = [];

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
        _uniforms = [.. _rows.Select(_ => random.NextSingle())];
        (_logProbs, _tokens, _states, _scores) = (new float[Beams], new int[Beams], new float[Beams], new float[Beams]);
        _kept = new int[Beams / 4];
    }

    /// <summary>Frees the device's buffers.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _compute.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Temperature 1, the whole vocabulary.</summary>
    [Benchmark]
    public void SamplePlain() => _compute.Sample(_logits, Vocabulary, _rows, _uniforms, new(1, 0, 1, 0), [], _tokens, _logProbs);

    /// <summary>Temperature 0.8, top-p 0.9.</summary>
    [Benchmark]
    public void SampleTopP() => _compute.Sample(_logits, Vocabulary, _rows, _uniforms, new(0.8f, 0, 0.9f, 0), [], _tokens, _logProbs);

    /// <summary>(M2), (M7) and top-K.</summary>
    [Benchmark]
    public int AdvanceScoreSelect()
    {
        Array.Fill(_states, 10);
        _compute.Advance(_uniforms, 0.999f, _states);
        _compute.Score(_states, _uniforms, [], 0, 1e6f, _scores);
        return _compute.Select(_scores, _states, _kept);
    }
}

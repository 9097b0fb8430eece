// Sampling on a CUDA device: with the logits on the host, and the kernel by itself.

using System.Globalization;
using InferenceGuard.Compute;
using InferenceGuard.Interop.Cuda;

namespace InferenceGuard.Benchmarks;

/// <summary>Times sampling.</summary>
internal static class SamplingMeasurement
{
    private static readonly (string Key, string What, SamplingOptions Options)[] s_kinds =
    [
        ("plain", "without truncation", new(1, 0, 1, 0)),
        ("top_p", "top-p 0.9", new(1, 0, 0.9f, 0)),
        ("top_k_top_p_min_p", "top-k 40, top-p 0.9, min-p 0.05", new(1, 40, 0.9f, 0.05f)),
    ];

    /// <summary>For every truncation: the whole call, and its kernel.</summary>
    /// <param name="device">The device; its context must be current.</param>
    /// <param name="timer">Its timer.</param>
    /// <param name="beams">N: draws, each from a row of its own.</param>
    /// <param name="vocabulary">V.</param>
    /// <param name="numbers">Random numbers, at least [N · V].</param>
    public static IEnumerable<KernelRow> Measure(CudaCompute device, DeviceTimer timer, int beams, int vocabulary, float[] numbers)
    {
        var stream = device.Parts.Stream;
        var logits = numbers[..(beams * vocabulary)];
        var rows = Enumerable.Range(0, beams).ToArray();
        var counters = rows.Select(static row => new PhiloxCounter(7, (uint)row, 0, 0, 0)).ToArray();
        var (tokens, logProbs) = (new int[beams], new float[beams]);
        foreach (var (kind, what, options) in s_kinds)
        {
            var launches = new List<CudaLaunch>();
            void Draw() => device.Sample(logits, vocabulary, rows, counters, options, [], tokens, logProbs);
            stream.Launched = launches.Add;
            Draw();
            stream.Launched = null;
            var key = string.Create(CultureInfo.InvariantCulture, $"sample/{kind}/N={beams}/V={vocabulary}");
            // Per draw: the row; a counter, a row number, a token, a log-probability and a status.
            var cost = new KernelCost(beams * (vocabulary * 4.0 + 24 + 4 + 12));
            yield return new($"{key}/whole", $"**sampling**, {what}, with the copy of the logits", beams, vocabulary, "–", timer.Measure(Draw, isWaiting: true), cost with { UploadBytes = beams * (vocabulary * 4.0 + 28) });
            foreach (var launch in launches)
                yield return new(
                    $"{key}/{launch.Kernel.Name}", $"`{launch.Kernel.Name}`, {what}", beams, vocabulary, "–", timer.Measure(() => launch.Queue(stream)), cost,
                    launch.Kernel.Registers, launch.Kernel.LocalBytes);
        }
    }
}

// The end of a block on a CUDA device: as a whole with and without the copy of the latents, and each kernel of it.

using System.Globalization;
using InferenceGuard.Compute;
using InferenceGuard.Interop.Cuda;

namespace InferenceGuard.Benchmarks;

/// <summary>Times the end of a block.</summary>
internal static class BlockEndMeasurement
{
    private const int Steps = 4;

    private static readonly int[] s_endTokens = [2, 5];

    /// <summary>For every number of beams: the whole, its graph, and the graph's kernels.</summary>
    /// <param name="device">The device; its context must be current.</param>
    /// <param name="timer">Its timer.</param>
    /// <param name="shapes">N, H, units and V; the same H, units and V in all.</param>
    /// <param name="isHalf">Whether the device holds critics in float16.</param>
    /// <param name="numbers">Random numbers, [most N · V].</param>
    public static IEnumerable<KernelRow> Measure(
        CudaCompute device, DeviceTimer timer, IReadOnlyList<(int Beams, int Hidden, int Units, int Vocabulary)> shapes, bool isHalf, float[] numbers)
    {
        var (_, hidden, units, vocabulary) = shapes[0];
        var stream = device.Parts.Stream;
        using var end = (CudaBlockEnd)device.OpenBlockEnd(RandomCritic.Weights(hidden, [units]), vocabulary, s_endTokens);
        foreach (var beams in shapes.Select(static shape => shape.Beams))
        {
            var shape = new BlockEndShape(beams, hidden, units, vocabulary, Steps, isHalf);
            var batch = new BlockEndBatch(beams, Steps, hidden);
            var rules = new BlockEndRules(0.99f, 0.1f, 1000, IgnoresStates: false, Math.Max(1, beams / 4));
            var (logits, latents) = (numbers[..(beams * vocabulary)], numbers[..(beams * hidden)]);
            var launches = new List<CudaLaunch>();

            // A run charges the candidates: they begin anew every time.
            void Run()
            {
                for (var beam = 0; beam < beams; beam++)
                    (batch.States[beam], batch.Values[beam]) = (3 + beam % 5, 0);
                end.Run(batch, rules, logits, latents);
            }

            Fill(batch, latents);
            stream.Launched = launches.Add;
            Run();
            stream.Launched = null;
            if (batch.KeptCount != rules.Keep)
                throw new InvalidOperationException($"{batch.KeptCount} beams were kept instead of {rules.Keep}: the times mean nothing.");
            var (type, key) = (isHalf ? "f16" : "f32", string.Create(CultureInfo.InvariantCulture, $"block_end/{(isHalf ? "f16" : "f32")}/N={beams}/H={hidden}/U={units}/V={vocabulary}"));
            KernelRow Row(string part, string what, Action queue, KernelCost? cost, CudaKernel? kernel = null) =>
                new($"{key}/{part}", what, beams, vocabulary, type, timer.Measure(queue, isWaiting: cost is { UploadBytes: > 0 }), cost, kernel?.Registers, kernel?.LocalBytes);

            yield return Row("whole", "**block end** with the copy of the latents", Run, shape.Whole);
            yield return Row("graph", "**block end**, latents on the device", end.Repeat, shape.Graph);
            foreach (var launch in launches)
                yield return Row(launch.Kernel.Name, $"`{launch.Kernel.Name}`", () => launch.Queue(stream), shape.Of(launch.Kernel.Name), launch.Kernel);
        }
    }

    private static void Fill(BlockEndBatch batch, float[] latents)
    {
        for (var beam = 0; beam < batch.Capacity; beam++)
        {
            _ = batch.Add(0, 0);
            for (var step = 0; step < Steps; step++)
                batch.Charge(beam, 0.25f * ((beam + step) % 3));
            latents.AsSpan(beam * batch.HiddenWidth, batch.HiddenWidth).CopyTo(batch.AddLive(beam, beam, 0.5f, beam % 7, 1.1f));
        }
    }
}

// What two threads of this machine could do at best: multiply-adds in registers, and reading an array.

using System.Diagnostics;
using System.Numerics;
using System.Runtime.Intrinsics;
using InferenceGuard.Compute;

namespace InferenceGuard.Benchmarks;

/// <summary>Measured limits that a product's time is compared with.</summary>
internal static class MachineSpeed
{
    private const int Threads = 2, Repetitions = 9;

    /// <summary>Multiplications and additions a second, in float32, by both threads together.</summary>
    public static double FlopsPerSecond()
    {
        const int Steps = 2_000_000, Chains = 12;
        var width = Vector512.IsHardwareAccelerated ? Vector512<float>.Count : Vector256<float>.Count;
        var sums = new float[Threads * 32];
        using var work = new ParallelWork(piece => sums[piece * 32] = Vector512.IsHardwareAccelerated ? Wide(Steps) : Narrow(Steps));
        return 2.0 * Threads * Steps * Chains * width / Fastest(() => work.Run(Threads, Threads));
    }

    /// <summary>Bytes a second that both threads read from an array of this size, over and over.</summary>
    public static double BytesPerSecond(long sizeBytes)
    {
        var values = new float[sizeBytes / sizeof(float) / Threads];
        var (passes, sums) = ((int)Math.Max(1, 40_000_000 / sizeBytes), new float[Threads * 32]);
        var parts = Enumerable.Range(0, Threads).Select(_ => new float[values.Length]).ToArray();
        using var work = new ParallelWork(piece =>
        {
            for (var pass = 0; pass < passes; pass++)
                sums[piece * 32] += Sum(parts[piece]);
        });
        return (double)sizeBytes * passes / Fastest(() => work.Run(Threads, Threads));
    }

    private static double Fastest(Action action)
    {
        var best = double.MaxValue;
        for (var repetition = 0; repetition < Repetitions; repetition++)
        {
            var begin = Stopwatch.GetTimestamp();
            action();
            best = Math.Min(best, Stopwatch.GetElapsedTime(begin).TotalSeconds);
        }
        return best;
    }

    private static float Sum(ReadOnlySpan<float> values)
    {
        Vector<float> a = default, b = default, c = default, d = default;
        var width = Vector<float>.Count;
        for (; values.Length >= 4 * width; values = values[(4 * width)..])
        {
            a += new Vector<float>(values);
            b += new Vector<float>(values[width..]);
            c += new Vector<float>(values[(2 * width)..]);
            d += new Vector<float>(values[(3 * width)..]);
        }
        return Vector.Sum(a + b + c + d);
    }

    private static float Wide(int steps)
    {
        Vector512<float> x = Vector512.Create(0.5f), a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (var step = 0; step < steps; step++)
        {
            (a, b, c, d) = (Vector512.FusedMultiplyAdd(a, x, x), Vector512.FusedMultiplyAdd(b, x, x), Vector512.FusedMultiplyAdd(c, x, x), Vector512.FusedMultiplyAdd(d, x, x));
            (e, f, g, h) = (Vector512.FusedMultiplyAdd(e, x, x), Vector512.FusedMultiplyAdd(f, x, x), Vector512.FusedMultiplyAdd(g, x, x), Vector512.FusedMultiplyAdd(h, x, x));
            (i, j, k, l) = (Vector512.FusedMultiplyAdd(i, x, x), Vector512.FusedMultiplyAdd(j, x, x), Vector512.FusedMultiplyAdd(k, x, x), Vector512.FusedMultiplyAdd(l, x, x));
        }
        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    private static float Narrow(int steps)
    {
        Vector256<float> x = Vector256.Create(0.5f), a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (var step = 0; step < steps; step++)
        {
            (a, b, c, d) = (Vector256.FusedMultiplyAdd(a, x, x), Vector256.FusedMultiplyAdd(b, x, x), Vector256.FusedMultiplyAdd(c, x, x), Vector256.FusedMultiplyAdd(d, x, x));
            (e, f, g, h) = (Vector256.FusedMultiplyAdd(e, x, x), Vector256.FusedMultiplyAdd(f, x, x), Vector256.FusedMultiplyAdd(g, x, x), Vector256.FusedMultiplyAdd(h, x, x));
            (i, j, k, l) = (Vector256.FusedMultiplyAdd(i, x, x), Vector256.FusedMultiplyAdd(j, x, x), Vector256.FusedMultiplyAdd(k, x, x), Vector256.FusedMultiplyAdd(l, x, x));
        }
        return Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }
}

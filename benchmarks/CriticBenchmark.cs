// The critic's network on the CPU against the same network in ONNX Runtime, in one process.

using System.Diagnostics;
using System.Globalization;
using InferenceGuard.Compute;
using Microsoft.ML.OnnxRuntime;

namespace InferenceGuard.Benchmarks;

/// <summary>
/// Alternating blocks of calls with two threads each. Each block begins with calls that are not counted, so that the other side's
/// threads have stopped spinning for work and the own ones are awake. A block's time is the median of its calls; on a machine that is
/// shared, the fastest call of all blocks says what the code takes when nobody disturbs it.
/// </summary>
internal static class CriticBenchmark
{
    private const int Threads = 2, WarmUpRounds = 3;
    private const double LeadMs = 30, BlockMs = 150;

    public static int Run(string[] args)
    {
        var rounds = Arguments.Integer(args, "--rounds", 9);
        var flops = MachineSpeed.FlopsPerSecond();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Threads} threads each, {rounds} alternating rounds, medians of the calls (fastest); ONNX Runtime {OrtEnv.Instance().GetVersionString()}; limit of arithmetic {flops / 1e9:F0} GFLOP/s"));
        Console.WriteLine("| network | N | ours ms | ONNX Runtime ms | ours ÷ theirs, median (min–max) | of the fastest | GFLOP/s | theirs | share of the limit | theirs |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|");
        foreach (var (hidden, widths) in (ReadOnlySpan<(int, int[])>)[(4096, [1024]), (128, [256, 256])])
        {
            var weights = RandomCritic.Weights(hidden, widths);
            foreach (var beams in (ReadOnlySpan<int>)[1, 8, 32, 128])
                Console.WriteLine(Compare(weights, beams, rounds, flops));
        }
        return 0;
    }

    private static string Compare(CriticWeights weights, int beams, int rounds, double flops)
    {
        using var critic = new CpuCritic(weights, vocabularySize: 1, endTokens: [], Threads);
        using var options = new SessionOptions { IntraOpNumThreads = Threads, InterOpNumThreads = 1, GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL };
        DenseLayer[] layers = [.. weights.Layers, weights.Heads];
        using var session = new InferenceSession(OnnxNetwork.Write([.. layers.Select((layer, index) => index == 0 ? CpuCritic.Fold(layer, weights) : layer)], beams), options);
        using var binding = session.CreateIoBinding();
        using var run = new RunOptions();
        var (inputs, ours, theirs) = (RandomCritic.Numbers(new(7), beams * weights.InputWidth, 1), new float[beams * 2], new float[beams * 2]);
        using var x = OrtValue.CreateTensorValueFromMemory(inputs, [beams, weights.InputWidth]);
        using var y = OrtValue.CreateTensorValueFromMemory(theirs, [beams, 2]);
        binding.BindInput("x", x);
        binding.BindOutput("y", y);

        void Ours() => critic.Evaluate(inputs, ours);
        void Theirs() => session.RunWithBinding(run, binding);
        Ours();
        Theirs();
        RequireEqual(ours, theirs);
        var (ourMs, theirMs, ratios) = (new List<double>(), new List<double>(), new List<double>());
        var (ourBest, theirBest) = (double.MaxValue, double.MaxValue);
        for (var round = -WarmUpRounds; round < rounds; round++)
        {
            var (our, their) = (Block(Ours), Block(Theirs));
            if (round < 0)
                continue; // The compiler still improves the code.
            ourMs.Add(our.Median);
            theirMs.Add(their.Median);
            ratios.Add(our.Median / their.Median);
            (ourBest, theirBest) = (Math.Min(ourBest, our.Fastest), Math.Min(theirBest, their.Fastest));
        }
        var work = 2.0 * beams * layers.Sum(static layer => (double)layer.Weight.Length);
        var sizeBytes = layers.Sum(static layer => (long)layer.Weight.Length) * sizeof(float);
        var limitMs = 1000 * Math.Max(work / flops, sizeBytes / MachineSpeed.BytesPerSecond(sizeBytes));
        var name = string.Join('→', layers.Select(static layer => layer.Outputs).Prepend(weights.InputWidth));
        return string.Create(CultureInfo.InvariantCulture,
            $"| {name} | {beams} | {Median(ourMs):F3} ({ourBest:F3}) | {Median(theirMs):F3} ({theirBest:F3}) | {Median(ratios):F2} ({ratios.Min():F2}–{ratios.Max():F2}) | {ourBest / theirBest:F2} | {work / ourBest / 1e6:F0} | {work / theirBest / 1e6:F0} | {limitMs / ourBest:P0} | {limitMs / theirBest:P0} |");
    }

    private static (double Median, double Fastest) Block(Action call)
    {
        for (var begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin).TotalMilliseconds < LeadMs;)
            call();
        var times = new List<double>();
        for (var begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin).TotalMilliseconds < BlockMs;)
        {
            var start = Stopwatch.GetTimestamp();
            call();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        return (Median(times), times.Min());
    }

    // Sums of up to 8202 products in different orders: their rounding errors add up to about √8202 · 2⁻²⁴ of terms near 1, relative and
    // absolute alike, and the largest of 256 outputs lies a few times above that.
    private static void RequireEqual(float[] ours, float[] theirs)
    {
        for (var at = 0; at < ours.Length; at++)
            if (!(Math.Abs(ours[at] - theirs[at]) <= 2e-5 + 2e-5 * Math.Abs(theirs[at])))
                throw new InvalidOperationException($"Output {at} is {ours[at]} here and {theirs[at]} in ONNX Runtime: the networks are not the same, so their times mean nothing.");
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}

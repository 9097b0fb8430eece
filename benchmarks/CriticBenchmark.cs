// The critic's network on the CPU against the same network in ONNX Runtime, in one process.

using System.Diagnostics;
using System.Globalization;
using InferenceGuard.Compute;
using Microsoft.ML.OnnxRuntime;

namespace InferenceGuard.Benchmarks;

/// <summary>
/// Alternating blocks of calls with two threads each. Each block begins with calls that are not counted, so that the other side's
/// threads have stopped spinning for work and the own ones are awake; a block's time is the mean of its calls.
/// </summary>
internal static class CriticBenchmark
{
    private const int Threads = 2;
    private const double LeadMs = 30, BlockMs = 150;

    public static int Run(string[] args)
    {
        var rounds = Arguments.Integer(args, "--rounds", 9);
        var flops = MachineSpeed.FlopsPerSecond();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Threads} threads each, {rounds} alternating rounds, medians (min–max); ONNX Runtime {OrtEnv.Instance().GetVersionString()}; limit of arithmetic {flops / 1e9:F0} GFLOP/s"));
        Console.WriteLine("| network | N | ours ms | ONNX Runtime ms | ours ÷ theirs | ours GFLOP/s | theirs GFLOP/s | ours: share of the limit |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        foreach (var (hidden, widths) in (ReadOnlySpan<(int, int[])>)[(4096, [1024]), (128, [256, 256])])
        {
            var weights = Network(hidden, widths);
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
        var (inputs, ours, theirs) = (Random(new(7), beams * weights.InputWidth, 1), new float[beams * 2], new float[beams * 2]);
        using var x = OrtValue.CreateTensorValueFromMemory(inputs, [beams, weights.InputWidth]);
        using var y = OrtValue.CreateTensorValueFromMemory(theirs, [beams, 2]);
        binding.BindInput("x", x);
        binding.BindOutput("y", y);

        void Ours() => critic.Evaluate(inputs, ours);
        void Theirs() => session.RunWithBinding(run, binding);
        Ours();
        Theirs();
        RequireEqual(ours, theirs);
        var (ourMs, theirMs) = (new double[rounds], new double[rounds]);
        for (var round = -1; round < rounds; round++)
        {
            var (our, their) = (Block(Ours), Block(Theirs));
            if (round >= 0) // Before that: compilation.
                (ourMs[round], theirMs[round]) = (our, their);
        }
        var work = 2.0 * beams * layers.Sum(static layer => (double)layer.Weight.Length);
        var sizeBytes = layers.Sum(static layer => (long)layer.Weight.Length) * sizeof(float);
        var limitMs = 1000 * Math.Max(work / flops, sizeBytes / MachineSpeed.BytesPerSecond(sizeBytes));
        var name = string.Join('→', layers.Select(static layer => layer.Outputs).Prepend(weights.InputWidth));
        return string.Create(CultureInfo.InvariantCulture,
            $"| {name} | {beams} | {Spread(ourMs, "F3")} | {Spread(theirMs, "F3")} | {Spread([.. ourMs.Zip(theirMs, static (our, their) => our / their)], "F2")} | {work / Median(ourMs) / 1e6:F0} | {work / Median(theirMs) / 1e6:F0} | {limitMs / Median(ourMs):P0} |");
    }

    private static double Block(Action call)
    {
        for (var begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin).TotalMilliseconds < LeadMs;)
            call();
        var (start, calls, elapsed) = (Stopwatch.GetTimestamp(), 0, 0.0);
        for (; elapsed < BlockMs; calls++, elapsed = Stopwatch.GetElapsedTime(start).TotalMilliseconds)
            call();
        return elapsed / calls;
    }

    // Sums of up to 4106 products in different orders: their rounding errors add up to about √4106 · 2⁻²⁴ of terms near 1, relative and
    // absolute alike, and the largest of 256 outputs lies a few times above that.
    private static void RequireEqual(float[] ours, float[] theirs)
    {
        for (var at = 0; at < ours.Length; at++)
            if (!(Math.Abs(ours[at] - theirs[at]) <= 2e-5 + 2e-5 * Math.Abs(theirs[at])))
                throw new InvalidOperationException($"Output {at} is {ours[at]} here and {theirs[at]} in ONNX Runtime: the networks are not the same, so their times mean nothing.");
    }

    // Weights as a trained network's: every layer keeps the variance.
    private static CriticWeights Network(int hidden, int[] widths)
    {
        var (random, inputs, layers) = (new Random(3), hidden + CriticWeights.ExtraInputs, new List<DenseLayer>());
        foreach (var width in widths.Append(2))
        {
            var from = layers.Count == 0 ? inputs : layers[^1].Outputs;
            layers.Add(new(Random(random, width * from, 1 / MathF.Sqrt(from)), Random(random, width, 0.1f)));
        }
        float[] deviation = [.. Random(random, inputs, 0.1f).Select(static value => 1 + Math.Abs(value))];
        return new() { HiddenWidth = hidden, Budget = 10, Mean = Random(random, inputs, 0.1f), Deviation = deviation, Layers = layers[..^1], Heads = layers[^1] };
    }

    // Evenly distributed with this standard deviation.
    private static float[] Random(Random random, int count, float deviation)
    {
        var values = new float[count];
        for (var at = 0; at < count; at++)
            values[at] = (random.NextSingle() - 0.5f) * MathF.Sqrt(12) * deviation;
        return values;
    }

    private static string Spread(double[] values, string format) => string.Create(CultureInfo.InvariantCulture,
        $"{Median(values).ToString(format, CultureInfo.InvariantCulture)} ({values.Min().ToString(format, CultureInfo.InvariantCulture)}–{values.Max().ToString(format, CultureInfo.InvariantCulture)})");

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}

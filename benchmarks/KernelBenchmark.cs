// The kernels on a CUDA device: how long they take, and how long they would have to.

using InferenceGuard.Compute;

namespace InferenceGuard.Benchmarks;

/// <summary>
/// The end of a block and sampling on a CUDA device, as a whole and kernel by kernel, each beside its floor and, where a file of
/// <c>gpu_check_torch.py</c> is given, beside PyTorch.
/// </summary>
internal static class KernelBenchmark
{
    private const float Deviation = 2.5f; // Of the logits.

    public static int Run(string[] args)
    {
        try
        {
            Measure(args);
            return 0;
        }
        catch (GuardException e)
        {
            Console.Error.WriteLine(e.Message);
            return 3;
        }
    }

    private static void Measure(string[] args)
    {
        var others = Arguments.Text(args, "--against") is { } path ? ComparedTimes.Read(path) : null;
        var ordinal = Arguments.Integer(args, "--device", 0);
        var rows = new List<KernelRow>();
        KernelReport? report = null;
        foreach (var precision in (CriticPrecision[])[CriticPrecision.F16, CriticPrecision.F32])
        {
            using var device = new CudaCompute(ordinal, precision);
            var (context, stream, _, info) = device.Parts;
            using var scope = context.Enter();
            var isSmall = (Arguments.Text(args, "--shapes") ?? (info.IsSoftware ? "small" : "full")) == "small";
            var rounds = Arguments.Integer(args, "--rounds", info.IsSoftware ? 1 : 50);
            using var timer = new DeviceTimer(context, stream, rounds, info.IsSoftware);
            report ??= new(
                $"{device.Device}, driver for CUDA {info.Driver}, kernels from {CudaCompute.Compiler()}", info.IsSoftware, rounds, DeviceLimits.Measure(device, timer), rows);

            (int Beams, int Hidden, int Units, int Vocabulary)[] ends =
                isSmall ? [(1, 256, 64, 2000), (32, 256, 64, 2000)] : [(1, 4096, 1024, 32_000), (32, 4096, 1024, 32_000), (128, 4096, 1024, 32_000), (512, 4096, 1024, 32_000)];
            (int Beams, int Vocabulary)[] draws =
                isSmall ? [(1, 2000), (8, 2000)] : [(1, 32_000), (32, 32_000), (128, 32_000), (1, 128_256), (32, 128_256), (128, 128_256)];
            var numbers = Numbers(Math.Max(ends.Max(static end => end.Beams * end.Vocabulary), draws.Max(static draw => draw.Beams * draw.Vocabulary)));
            rows.AddRange(BlockEndMeasurement.Measure(device, timer, ends, precision == CriticPrecision.F16, numbers));
            if (precision == CriticPrecision.F32)
                rows.AddRange(draws.SelectMany(draw => SamplingMeasurement.Measure(device, timer, draw.Beams, draw.Vocabulary, numbers)));
        }
        report!.Print(Console.Out, others);
        if (Arguments.Text(args, "--json") is { } file)
            report.Write(file);
    }

    // Normally distributed, as logits about are.
    private static float[] Numbers(int count)
    {
        var (random, numbers) = (new Random(11), new float[count]);
        for (var at = 0; at < count; at++)
            numbers[at] = Deviation * MathF.Sqrt(-2 * MathF.Log(1 - random.NextSingle())) * MathF.Cos(2 * MathF.PI * random.NextSingle());
        return numbers;
    }
}

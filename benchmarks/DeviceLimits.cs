// What the card at hand can do at best, measured in the same run as the kernels that are compared with it.

using InferenceGuard.Compute;
using InferenceGuard.Interop.Cuda;

namespace InferenceGuard.Benchmarks;

/// <summary>Measured limits of a card; rates per second.</summary>
/// <param name="ReadBytes">Bytes read from memory.</param>
/// <param name="CopyBytes">Bytes read and written by a copy within memory.</param>
/// <param name="PromisedBytes">What the memory's clock and bus promise; 0 where the driver does not say.</param>
/// <param name="PinnedBytes">Bytes copied to the device from page-locked host memory.</param>
/// <param name="PageableBytes">Bytes copied to the device from ordinary host memory.</param>
/// <param name="Flops">Float32 additions and multiplications.</param>
/// <param name="TensorFlops">Float16 ones on tensor cores, by the instruction that the critic uses; 0 without.</param>
/// <param name="LaunchUs">What a launch that does nothing takes by itself.</param>
/// <param name="RowUs">What it takes back to back.</param>
internal sealed record DeviceLimits(
    double ReadBytes, double CopyBytes, double PromisedBytes, double PinnedBytes, double PageableBytes, double Flops, double TensorFlops, double LaunchUs, double RowUs)
{
    private const int Chains = 8, FlopsPerProduct = 2 * 16 * 8 * 16;

    /// <summary>The faster of reading and copying: what no kernel can beat by much.</summary>
    public double Bytes => Math.Max(ReadBytes, CopyBytes);

    /// <summary>Measures them. The device's context must be current.</summary>
    /// <param name="device">The device.</param>
    /// <param name="timer">Its timer.</param>
    public static DeviceLimits Measure(CudaCompute device, DeviceTimer timer)
    {
        var (context, stream, compiler, info) = device.Parts;
        var isSoftware = info.IsSoftware;
        var source = Source();
        // Several times the second-level cache; the software device only has to get through.
        var length = isSoftware ? 1 << 12 : 1 << 29;
        using var from = new CudaMemory<byte>(context, length);
        using var to = new CudaMemory<byte>(context, length);
        from.Clear(stream);
        var (blocks, steps) = isSoftware ? (1, 16) : (8 * info.Multiprocessors, 4096);

        var reading = Time("read_memory", blocks, 512, [(ulong)from.Pointer, (ulong)to.Pointer, (ulong)length / 16]);
        var copying = Time("copy_memory", blocks, 512, [(ulong)from.Pointer, (ulong)to.Pointer, (ulong)length / 16]);
        var adding = Time("multiply_add", blocks, 256, [(ulong)to.Pointer, Bits(0.5f), Bits(0.25f), (ulong)steps]);
        var tensor = info.Capability >= 80 ? Time("multiply_tensor", blocks, 256, [(ulong)to.Pointer, Bits(1), (ulong)steps / 4]) : null;
        var nothing = Time("do_nothing", 1, 32, []);

        var upload = Math.Min(length, 64 << 20);
        using var pinned = new PinnedMemory<byte>(context, upload);
        var pageable = new byte[upload];
        var fromPinned = timer.Measure(() => pinned.CopyTo(to, upload, stream));
        var fromPageable = timer.Measure(() => to.CopyFrom(pageable, stream));
        return new(
            Rate(length, reading), Rate(2.0 * length, copying), info.BytesPerSecond, Rate(upload, fromPinned), Rate(upload, fromPageable),
            Rate(2.0 * Chains * steps * blocks * 256, adding), tensor is null ? 0 : Rate((double)FlopsPerProduct * Chains * (steps / 4) * blocks * 8, tensor),
            nothing.Cold, nothing.Row);

        DeviceTimes Time(string name, int grid, int threads, ulong[] arguments)
        {
            using var kernel = compiler.Compile("limits.cu", source, name, "-DNUMBER_IS_HALF=1");
            var launch = new CudaLaunch(kernel, arguments, (grid, 1, 1), threads, 0);
            return timer.Measure(() => launch.Queue(stream));
        }
    }

    private static ulong Bits(float value) => BitConverter.SingleToUInt32Bits(value);

    private static string Source()
    {
        using var stream = typeof(DeviceLimits).Assembly.GetManifestResourceStream("limits.cu")!;
        using var reader = new StreamReader(stream);
        return KernelSource.Expand("limits.cu", reader.ReadToEnd());
    }

    private static double Rate(double amount, DeviceTimes times) => amount / times.Cold * 1e6;
}

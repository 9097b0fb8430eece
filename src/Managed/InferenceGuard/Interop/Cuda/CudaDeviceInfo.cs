// What the driver says of a GPU.

using System.Globalization;
using System.Text;

namespace InferenceGuard.Interop.Cuda;

/// <summary>What the driver says of a GPU.</summary>
/// <param name="Ordinal">Its number.</param>
/// <param name="Name">The vendor's name.</param>
/// <param name="Capability">Compute capability, ten times the major plus the minor number: 89.</param>
/// <param name="TotalBytes">Its memory.</param>
/// <param name="Multiprocessors">Multiprocessors.</param>
/// <param name="SharedBytes">Most shared memory of a block.</param>
/// <param name="BytesPerSecond">Bandwidth of its memory as its clock and bus promise; 0 where the driver does not say.</param>
/// <param name="DriverVersion">Version of CUDA that the driver knows: 12040.</param>
internal sealed record CudaDeviceInfo(
    int Ordinal, string Name, int Capability, long TotalBytes, int Multiprocessors, int SharedBytes, double BytesPerSecond, int DriverVersion)
{
    private const int OldestDriver = 12000;

    /// <summary>Whether it is the software device of the tests, which nobody wants unasked.</summary>
    public bool IsSoftware => Name == "Software CUDA device";

    /// <summary>The driver's version as people write it: 12.4.</summary>
    public string Driver => string.Create(CultureInfo.InvariantCulture, $"{DriverVersion / 1000}.{DriverVersion % 1000 / 10}");

    /// <summary>Asks the driver.</summary>
    /// <param name="cuda">What calls it.</param>
    /// <param name="ordinal">The GPU's number.</param>
    /// <exception cref="GuardException">A call failed.</exception>
    public static CudaDeviceInfo Of(CudaBinding cuda, int ordinal)
    {
        cuda.Check(cuda.DriverGetVersion(out var version));
        cuda.Check(cuda.DeviceGet(out var device, ordinal));
        cuda.Check(cuda.DeviceTotalMem(out var total, device));
        var name = new byte[256];
        cuda.Check(cuda.DeviceGetName(name, device));
        return new(
            ordinal, Encoding.UTF8.GetString(name, 0, Array.IndexOf(name, (byte)0)),
            10 * Attribute(CudaAttribute.CapabilityMajor) + Attribute(CudaAttribute.CapabilityMinor), (long)total,
            Attribute(CudaAttribute.MultiprocessorCount), Attribute(CudaAttribute.SharedBytesPerBlockOptIn),
            2.0 * 1000 * Attribute(CudaAttribute.MemoryClockKilohertz) * Attribute(CudaAttribute.MemoryBusWidthBits) / 8, version);

        int Attribute(CudaAttribute attribute)
        {
            cuda.Check(cuda.DeviceGetAttribute(out var value, attribute, device));
            return value;
        }
    }

    /// <summary>Why no GPU can be used, or null if one can.</summary>
    /// <param name="cuda">What calls the driver.</param>
    public static string? WhyNone(CudaBinding cuda)
    {
        if (cuda.Driver.Problem is { } problem)
            return $"there is no NVIDIA driver: {problem}";
        var status = cuda.DriverGetVersion(out var version);
        if (status == 0 && WhyTooOld(version) is { } old)
            return old;
        if (status == 0)
            status = cuda.Init(0);
        var count = 0;
        if (status == 0)
            status = cuda.DeviceGetCount(out count);
        return status != 0
            ? cuda.Error(status, nameof(cuda.Init), null, "").Message
            : count == 0 ? "the NVIDIA driver knows no GPU (see CUDA_VISIBLE_DEVICES)" : null;
    }

    /// <summary>Why a driver cannot be used: it lacks functions that are called here; null if it can.</summary>
    /// <param name="driverVersion">Version of CUDA that it knows: 12040.</param>
    public static string? WhyTooOld(int driverVersion) =>
        driverVersion >= OldestDriver ? null : $"the NVIDIA driver knows CUDA {driverVersion / 1000}.{driverVersion % 1000 / 10}, and CUDA 12 or later is needed";

    /// <summary>All GPUs; empty where none can be used.</summary>
    /// <param name="cuda">What calls the driver.</param>
    public static IReadOnlyList<CudaDeviceInfo> All(CudaBinding cuda)
    {
        if (WhyNone(cuda) is not null)
            return [];
        cuda.Check(cuda.DeviceGetCount(out var count));
        return [.. Enumerable.Range(0, count).Select(ordinal => Of(cuda, ordinal))];
    }
}

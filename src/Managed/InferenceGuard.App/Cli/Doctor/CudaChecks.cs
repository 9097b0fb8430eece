// Which GPU does the per-beam work, and what compiles its kernels.

using InferenceGuard.Compute;

namespace InferenceGuard.App.Cli.Doctor;

/// <summary>Looks for GPUs, and opens the one that a generation would use. Nothing on the CPU path needs them.</summary>
internal static class CudaChecks
{
    /// <summary>What calls the driver; the GPUs, or why there is none; then the device that was asked for, opened as a generation opens it.</summary>
    /// <param name="choice">The device asked for.</param>
    public static IEnumerable<Verdict> Of(DeviceChoice choice)
    {
        yield return new("CUDA seam", Health.Good, Engines.Cuda.Name);
        if (CudaCompute.WhyNot(Engines.Cuda) is { } reason)
        {
            yield return new("GPU", Health.Absent, $"{reason}; install an NVIDIA driver to use a GPU");
        }
        else
        {
            foreach (var device in CudaCompute.Devices(Engines.Cuda))
                yield return new("GPU", Health.Good, device);
            yield return new("kernels", Health.Good, $"compiled by {CudaCompute.Compiler(Engines.Cuda)}");
        }
        yield return Verdict.Of("device", () =>
        {
            var note = "";
            using var device = choice.Open(CriticPrecision.Auto, said => note = $"; {said}", Engines.Cuda);
            return $"{choice}: {device.Device}{note}";
        });
    }
}

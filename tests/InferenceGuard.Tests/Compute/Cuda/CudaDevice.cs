// The CUDA device of the tests: the software device, or a real one where that is asked for.

using InferenceGuard.Compute;
using InferenceGuard.Interop.Cuda;

namespace InferenceGuard.Tests.Compute.Cuda;

/// <summary>The CUDA device of the tests.</summary>
internal static class CudaDevice
{
    /// <summary>Whether it is the software device.</summary>
    public static bool IsSoftware => CudaDeviceInfo.All(CudaBinding.Own) is [{ IsSoftware: true }, ..];

    /// <summary>Opens it, or ignores the test with the reason why there is none; where a real one is demanded, that is a failure.</summary>
    public static CudaCompute Open(CudaBinding binding, CriticPrecision precision = CriticPrecision.F32)
    {
        var missing = CudaCompute.WhyNot(binding);
        if (missing is not null && TestSession.IsDeviceDemanded)
            Assert.Fail(missing);
        if (missing is not null)
            Assert.Ignore(missing);
        return new(0, precision, binding);
    }
}

// The kernels once more, on a software device that looks for races and exact bounds, and on one that runs blocks and threads in another order.

using InferenceGuard.Interop.Cuda;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Compute.Cuda;

/// <summary>Runs tests of the category <see cref="Category"/> in processes of their own, as a device reads its settings once.</summary>
internal sealed class CheckedKernelTests
{
    /// <summary>Tests of small shapes that reach every line of the kernels.</summary>
    public const string Category = "CheckedKernels";

    [TestCase("INFERENCEGUARD_SOFTCUDA_CHECKED", "1")]
    [TestCase("INFERENCEGUARD_SOFTCUDA_SEED", "7")]
    public void Kernels_UnderTheDetectorAndInAnyOrder_Pass(string setting, string value)
    {
        CudaDevice.Open(CudaBinding.Own).Dispose(); // Ignores the test where there is no device.
        if (!CudaDevice.IsSoftware)
            Assert.Ignore("a real device has compute-sanitizer for this (benchmarks/gpu-check.sh)");
        Assert.That(TestProcess.Run($"TestCategory={Category}", setting, value), Is.GreaterThan(30));
    }
}

// The bindings to CUDA that this build contains: every test of the device runs on each.

using InferenceGuard.Interop.Cuda;

namespace InferenceGuard.Tests.Interop.Cuda;

/// <summary>The bindings to CUDA that this build contains.</summary>
internal static class CudaBindings
{
    public static IEnumerable<CudaBinding> All =>
    [
        CudaBinding.Own,
#if MANAGED_CUDA
        ManagedCuda.ManagedCudaBinding.Instance,
#endif
    ];
}

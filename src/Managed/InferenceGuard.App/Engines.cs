// Which engines this build runs on: our own bindings, unless a build property chose an optional package.

using InferenceGuard.Interop.Cuda;

namespace InferenceGuard.App;

/// <summary>The engines of this build.</summary>
internal static class Engines
{
    /// <summary>What calls the CUDA driver and NVRTC.</summary>
    public static CudaBinding Cuda =>
#if MANAGED_CUDA
        ManagedCuda.ManagedCudaBinding.Instance;
#else
        CudaBinding.Own;
#endif
}

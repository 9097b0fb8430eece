// Which bindings to native code this build uses: our own, unless a build property chose an optional package.

using InferenceGuard.Interop.Cuda;
using InferenceGuard.Model;

namespace InferenceGuard.App;

/// <summary>The engines of this build.</summary>
internal static class Engines
{
    /// <summary>What calls llama.cpp.</summary>
    public static LlamaEngine Llama =>
#if LLAMASHARP
        LLamaSharp.LLamaSharpEngine.Instance;
#else
        LlamaEngine.Own;
#endif

    /// <summary>What calls the CUDA driver and NVRTC.</summary>
    public static CudaBinding Cuda =>
#if MANAGED_CUDA
        ManagedCuda.ManagedCudaBinding.Instance;
#else
        CudaBinding.Own;
#endif
}

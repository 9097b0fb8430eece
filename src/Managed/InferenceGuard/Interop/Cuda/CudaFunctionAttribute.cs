// What is asked of a kernel: numbers of CUfunction_attribute.

namespace InferenceGuard.Interop.Cuda;

/// <summary>Numbers of <c>CUfunction_attribute</c>.</summary>
internal enum CudaFunctionAttribute
{
    SharedBytes = 1,

    /// <summary>Local memory per thread: what did not fit registers.</summary>
    LocalBytes = 3,
    Registers = 4,
    MaxDynamicSharedBytes = 8,
}

// Tensor element types of ggml that this library names.

namespace InferenceGuard.Interop.Llama;

/// <summary>Values of <c>ggml_type</c> used by native calls.</summary>
internal enum GgmlType
{
    F32 = 0,
    F16 = 1,
    I32 = 26,
}

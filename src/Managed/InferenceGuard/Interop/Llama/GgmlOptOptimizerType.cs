// The optimisers ggml has.

namespace InferenceGuard.Interop.Llama;

/// <summary>Values of <c>ggml_opt_optimizer_type</c>.</summary>
internal enum GgmlOptOptimizerType
{
    AdamW = 0,
    Sgd = 1,
}

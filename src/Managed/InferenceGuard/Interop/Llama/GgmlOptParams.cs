// ggml_opt_params of ggml 0.25: 72 bytes, returned and passed by value.

using System.Runtime.InteropServices;

namespace InferenceGuard.Interop.Llama;

/// <summary>Mirror of <c>ggml_opt_params</c>; read it from <see cref="GgmlNative.OptDefaultParams"/>, then change fields.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct GgmlOptParams
{
    public nint BackendSched;
    public nint CtxCompute;
    public nint Inputs;
    public nint Outputs;

    /// <summary>0 mean, 1 sum, 2 cross entropy, 3 mean squared error.</summary>
    public int LossType;

    /// <summary>10 forward, 20 gradients, 30 optimiser step.</summary>
    public int BuildType;

    /// <summary>Gradient accumulation steps per optimiser step.</summary>
    public int OptPeriod;
    public delegate* unmanaged[Cdecl]<void*, GgmlOptOptimizerParams> GetOptPars;
    public void* GetOptParsUserData;

    /// <summary>0 AdamW, 1 SGD.</summary>
    public int Optimizer;
}

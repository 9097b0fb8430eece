// llama_opt_params of llama.cpp v0.5: 48 bytes, passed by value to llama_opt_init.

using System.Runtime.InteropServices;

namespace InferenceGuard.Interop.Llama;

/// <summary>Mirror of <c>llama_opt_params</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LlamaOptParams
{
    /// <summary>Context size assumed after training; 0 = the context's own.</summary>
    public uint NCtxTrain;
    public delegate* unmanaged[Cdecl]<void*, void*, byte> ParamFilter;
    public void* ParamFilterUserData;
    public delegate* unmanaged[Cdecl]<void*, GgmlOptOptimizerParams> GetOptPars;
    public void* GetOptParsUserData;
    public GgmlOptOptimizerType OptimizerType;
}

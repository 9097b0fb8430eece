// ggml_init_params: 24 bytes, passed by value.

using System.Runtime.InteropServices;

namespace InferenceGuard.Interop.Llama;

/// <summary>Mirror of <c>ggml_init_params</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GgmlInitParams
{
    public nuint MemSize;
    public nint MemBuffer;

    /// <summary>1 = the context holds tensor descriptions only; their data live in backend buffers.</summary>
    public byte NoAlloc;
}

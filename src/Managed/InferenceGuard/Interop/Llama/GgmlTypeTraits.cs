// struct ggml_type_traits of ggml.h.

using System.Runtime.InteropServices;

namespace InferenceGuard.Interop.Llama;

/// <summary>What ggml knows of an element format.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct GgmlTypeTraits
{
    public byte* TypeName;
    public long BlockElements;
    public long BlockInterleave;
    public nuint TypeSizeBytes;
    public byte IsQuantized;
    public delegate* unmanaged[Cdecl]<void*, float*, long, void> ToFloat;
    public delegate* unmanaged[Cdecl]<float*, void*, long, void> FromFloatReference;
}

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

    /// <summary>Turns elements of a format into float32.</summary>
    /// <param name="type">The format's number in ggml.</param>
    /// <param name="elements">Whole blocks of the format.</param>
    /// <param name="floats">Out: as many numbers.</param>
    public static void ToFloats(int type, ReadOnlySpan<byte> elements, Span<float> floats)
    {
        var convert = GgmlNative.GetTypeTraits(type)->ToFloat;
        if (convert is null)
            elements.CopyTo(MemoryMarshal.AsBytes(floats)); // float32 needs no conversion.
        else
            fixed (byte* from = elements)
            fixed (float* to = floats)
                convert(from, to, floats.Length);
    }
}

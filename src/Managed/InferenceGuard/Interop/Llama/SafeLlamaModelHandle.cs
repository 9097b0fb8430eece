// Owns a llama_model; contexts hold a reference, so the weights outlive them in any dispose order.

using Microsoft.Win32.SafeHandles;

namespace InferenceGuard.Interop.Llama;

/// <summary>Owns a <c>llama_model</c>.</summary>
internal sealed class SafeLlamaModelHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    public SafeLlamaModelHandle()
        : base(ownsHandle: true)
    {
    }

    protected override bool ReleaseHandle()
    {
        LlamaNative.ModelFree(handle);
        return true;
    }
}

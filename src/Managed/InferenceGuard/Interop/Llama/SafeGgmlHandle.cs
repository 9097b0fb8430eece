// Owns one object of ggml, whatever its kind.

using Microsoft.Win32.SafeHandles;

namespace InferenceGuard.Interop.Llama;

/// <summary>Owns a ggml object together with the function that frees it.</summary>
internal sealed class SafeGgmlHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    private readonly Action<nint> _free;

    /// <param name="value">The object; null where ggml could not make it.</param>
    /// <param name="free">Such as <see cref="GgmlNative.Free"/>.</param>
    public SafeGgmlHandle(nint value, Action<nint> free)
        : base(ownsHandle: true)
    {
        _free = free;
        SetHandle(value);
    }

    /// <summary>The object; valid until this handle is disposed.</summary>
    public nint Value => IsClosed ? throw new ObjectDisposedException(nameof(SafeGgmlHandle)) : handle;

    protected override bool ReleaseHandle()
    {
        _free(handle);
        return true;
    }
}

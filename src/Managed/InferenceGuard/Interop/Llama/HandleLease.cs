// Keeps what a handle owns from being freed during calls on something inside it.

using System.Runtime.InteropServices;

namespace InferenceGuard.Interop.Llama;

/// <summary>Keeps what a handle owns from being freed until the scope ends: a model, during a call on its vocabulary.</summary>
internal readonly ref struct HandleLease
{
    private readonly SafeHandle _handle;

    /// <exception cref="ObjectDisposedException">It was freed.</exception>
    public HandleLease(SafeHandle handle)
    {
        var held = false;
        handle.DangerousAddRef(ref held);
        _handle = handle;
    }

    public void Dispose() => _handle.DangerousRelease();
}

// Owns something that was made in a context, and keeps that context alive.

using Microsoft.Win32.SafeHandles;

namespace InferenceGuard.Interop.Cuda;

/// <summary>A stream, event, module, graph or piece of memory; freed in its context, before it.</summary>
internal sealed class CudaHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    private readonly CudaContext _context;
    private readonly Func<nint, int> _free;

    /// <param name="context">The context it was made in.</param>
    /// <param name="value">The driver's handle or a pointer.</param>
    /// <param name="free">The driver's function that frees it.</param>
    public CudaHandle(CudaContext context, nint value, Func<nint, int> free)
        : base(ownsHandle: true)
    {
        (_context, _free) = (context, free);
        var held = false;
        context.DangerousAddRef(ref held);
        SetHandle(value);
    }

    /// <summary>What calls the driver.</summary>
    public CudaBinding Binding => _context.Binding;

    /// <summary>The driver's handle or a pointer.</summary>
    public nint Value => !IsClosed ? handle : throw new ObjectDisposedException(nameof(CudaHandle));

    protected override bool ReleaseHandle()
    {
        // Nothing may be thrown here, where the garbage collector may call; a device that is lost has freed everything already.
        var freed = false;
        if (Binding.ContextPush(_context.DangerousGetHandle()) == 0)
        {
            freed = _free(handle) == 0;
            _ = Binding.ContextPop(out _);
        }
        _context.DangerousRelease();
        return freed;
    }
}

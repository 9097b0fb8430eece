// A queue of work on a device.

namespace InferenceGuard.Interop.Cuda;

/// <summary>A queue of work on a device. All calls need its context to be current.</summary>
internal sealed class CudaStream : IDisposable
{
    // A stream of its own, that does not wait for the legacy default stream.
    private const uint NonBlocking = 1;

    private readonly CudaHandle _handle;

    public CudaStream(CudaContext context)
    {
        var cuda = context.Binding;
        cuda.Check(cuda.StreamCreate(out var stream, NonBlocking));
        _handle = new(context, stream, cuda.StreamDestroy);
    }

    /// <summary>The driver's handle.</summary>
    public nint Value => _handle.Value;

    /// <summary>Told of every launch that is queued; null outside of measurements.</summary>
    public Action<CudaLaunch>? Launched { get; set; }

    /// <summary>Waits until all work is done.</summary>
    public void Synchronize() => _handle.Binding.Check(_handle.Binding.StreamSynchronize(Value));

    public void Dispose() => _handle.Dispose();
}

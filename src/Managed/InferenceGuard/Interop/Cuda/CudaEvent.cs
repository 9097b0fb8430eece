// A mark in a stream, for timing.

namespace InferenceGuard.Interop.Cuda;

/// <summary>A mark in a stream, for timing.</summary>
internal sealed class CudaEvent : IDisposable
{
    private readonly CudaHandle _handle;

    public CudaEvent(CudaContext context)
    {
        var cuda = context.Binding;
        cuda.Check(cuda.EventCreate(out var value, 0));
        _handle = new(context, value, cuda.EventDestroy);
    }

    /// <summary>Puts the mark behind the work that is queued.</summary>
    public void Record(CudaStream stream) => Cuda.Check(Cuda.EventRecord(_handle.Value, stream.Value));

    /// <summary>Waits for the mark and gives the time since an earlier one, in ms.</summary>
    public float ElapsedMs(CudaEvent since)
    {
        Cuda.Check(Cuda.EventSynchronize(_handle.Value));
        Cuda.Check(Cuda.EventElapsedTime(out var elapsed, since._handle.Value, _handle.Value));
        return elapsed;
    }

    public void Dispose() => _handle.Dispose();

    private CudaBinding Cuda => _handle.Binding;
}

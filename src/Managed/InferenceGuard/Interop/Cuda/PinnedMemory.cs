// An array in page-locked host memory, which a device copies by itself.

namespace InferenceGuard.Interop.Cuda;

/// <summary>An array in page-locked host memory. All calls need its context to be current, but reading and writing the span.</summary>
/// <typeparam name="T">What it holds.</typeparam>
internal sealed unsafe class PinnedMemory<T> : IDisposable
    where T : unmanaged
{
    private readonly CudaHandle _handle;

    public PinnedMemory(CudaContext context, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        var size = (nuint)Math.Max(1, length) * (nuint)sizeof(T);
        var cuda = context.Binding;
        cuda.Check(cuda.HostAllocate(out var pointer, size, 0), $"{size} bytes of page-locked memory");
        _handle = new(context, pointer, cuda.HostFree);
        Span.Clear();
    }

    /// <summary>Elements.</summary>
    public int Length { get; }

    /// <summary>The elements. The device reads and writes them until the stream was waited for.</summary>
    public Span<T> Span => new((void*)_handle.Value, Length);

    /// <summary>Queues a copy of the first elements to the device.</summary>
    public void CopyTo(CudaMemory<T> target, int length, CudaStream stream)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, target.Length);
        Cuda.Check(Cuda.CopyToDevice(target.Pointer, _handle.Value, (nuint)length * (nuint)sizeof(T), stream.Value));
    }

    /// <summary>Queues a copy of the first elements from the device.</summary>
    public void CopyFrom(CudaMemory<T> source, int length, CudaStream stream)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, source.Length);
        Cuda.Check(Cuda.CopyToHost(_handle.Value, source.Pointer, (nuint)length * (nuint)sizeof(T), stream.Value));
    }

    public void Dispose() => _handle.Dispose();

    private CudaBinding Cuda => _handle.Binding;
}

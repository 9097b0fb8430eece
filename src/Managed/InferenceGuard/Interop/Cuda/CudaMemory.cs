// An array in device memory.

namespace InferenceGuard.Interop.Cuda;

/// <summary>An array in device memory. All calls need its context to be current.</summary>
/// <typeparam name="T">What it holds.</typeparam>
internal sealed unsafe class CudaMemory<T> : IDisposable
    where T : unmanaged
{
    private readonly CudaHandle _handle;

    /// <param name="context">The context.</param>
    /// <param name="length">Elements; their values are undefined.</param>
    public CudaMemory(CudaContext context, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        var cuda = context.Binding;
        cuda.CheckAllocation(cuda.MemoryAllocate(out var pointer, (nuint)SizeBytes), SizeBytes);
        _handle = new(context, pointer, cuda.MemoryFree);
    }

    /// <summary>Elements.</summary>
    public long Length { get; }

    /// <summary>Bytes, at least one element's: the driver allocates nothing for nothing.</summary>
    public long SizeBytes => checked(Math.Max(1, Length) * sizeof(T));

    /// <summary>The device pointer.</summary>
    public nint Pointer => _handle.Value;

    /// <summary>Copies from the host, and waits for it: a span's memory may move or end, and some devices read it late.</summary>
    public void CopyFrom(ReadOnlySpan<T> source, CudaStream stream)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(source.Length, Length);
        if (source.IsEmpty)
            return;
        fixed (T* pointer = source)
        {
            Cuda.Check(Cuda.CopyToDevice(Pointer, (nint)pointer, (nuint)source.Length * (nuint)sizeof(T), stream.Value));
            stream.Synchronize();
        }
    }

    /// <summary>Copies to the host, and waits for it.</summary>
    public void CopyTo(Span<T> target, CudaStream stream)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(target.Length, Length);
        fixed (T* pointer = target)
        {
            Cuda.Check(Cuda.CopyToHost((nint)pointer, Pointer, (nuint)target.Length * (nuint)sizeof(T), stream.Value));
            stream.Synchronize();
        }
    }

    /// <summary>Queues filling with zero bytes.</summary>
    public void Clear(CudaStream stream) => Cuda.Check(Cuda.Fill(Pointer, 0, (nuint)SizeBytes, stream.Value));

    public void Dispose() => _handle.Dispose();

    private CudaBinding Cuda => _handle.Binding;
}

// Device memory that grows to the largest size asked for, with pinned memory of the same size on the host.

using InferenceGuard.Interop.Cuda;

namespace InferenceGuard.Compute;

/// <summary>Device memory that grows to the largest size asked for; with a pinned twin on the host where <paramref name="isStaged"/>.</summary>
internal sealed class CudaArray<T>(CudaContext context, bool isStaged) : IDisposable
    where T : unmanaged
{
    private PinnedMemory<T>? _host;

    /// <summary>The device's side; after <see cref="Reserve"/>.</summary>
    public CudaMemory<T> Device { get; private set; } = null!;

    /// <summary>The host's side; after <see cref="Reserve"/>, if it is staged.</summary>
    public Span<T> Host => _host!.Span;

    /// <summary>Makes room; what was there is lost if it has to grow.</summary>
    /// <param name="length">Elements.</param>
    /// <returns>Whether it had to grow.</returns>
    public bool Reserve(long length)
    {
        if (Device?.Length >= length)
            return false;
        Dispose();
        Device = new(context, length);
        _host = isStaged ? new(context, (int)length) : null;
        return true;
    }

    /// <summary>Queues the copy of the host's first elements to the device.</summary>
    public void Upload(int length, CudaStream stream) => _host!.CopyTo(Device, length, stream);

    /// <summary>Queues the copy of the device's first elements to the host.</summary>
    public void Download(int length, CudaStream stream) => _host!.CopyFrom(Device, length, stream);

    public void Dispose()
    {
        Device?.Dispose();
        _host?.Dispose();
    }
}

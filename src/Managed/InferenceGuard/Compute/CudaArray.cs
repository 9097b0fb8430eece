// Device memory that grows to the largest size asked for, with pinned memory of the same size on the host.

using InferenceGuard.Interop.Cuda;

namespace InferenceGuard.Compute;

/// <summary>Device memory that grows to the largest size asked for; with a pinned twin on the host where <paramref name="isStaged"/>.</summary>
internal sealed class CudaArray<T>(CudaContext context, bool isStaged) : IDisposable
    where T : unmanaged
{
    private CudaMemory<T>? _device;
    private PinnedMemory<T>? _host;
    private bool _isDisposed;

    /// <summary>The device's side; after <see cref="Reserve"/>.</summary>
    public CudaMemory<T> Device => _device ?? throw new InvalidOperationException("There is no memory yet: Reserve comes first.");

    /// <summary>The host's side; after <see cref="Reserve"/>, if it is staged.</summary>
    public Span<T> Host => _host!.Span;

    /// <summary>Makes room; what was there is lost if it has to grow. After a failure there is none, and it may be called again.</summary>
    /// <param name="length">Elements.</param>
    /// <returns>Whether it had to grow.</returns>
    public bool Reserve(long length)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_device?.Length >= length)
            return false;
        // The old memory is given back first, as both may not fit; the device's side is made last, as it says whether there is any.
        Free();
        _host = isStaged ? new(context, checked((int)length)) : null;
        _device = new(context, length);
        return true;
    }

    /// <summary>Queues the copy of the host's first elements to the device.</summary>
    public void Upload(int length, CudaStream stream) => _host!.CopyTo(Device, length, stream);

    /// <summary>Queues the copy of the device's first elements to the host.</summary>
    public void Download(int length, CudaStream stream) => _host!.CopyFrom(Device, length, stream);

    public void Dispose()
    {
        _isDisposed = true;
        Free();
    }

    private void Free()
    {
        _device?.Dispose();
        _host?.Dispose();
        (_device, _host) = (null, null);
    }
}

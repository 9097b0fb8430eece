// A device's primary context: the one that llama.cpp's CUDA backend uses too.

using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace InferenceGuard.Interop.Cuda;

/// <summary>A device's primary context, held as long as anything made in it lives.</summary>
internal sealed class CudaContext : SafeHandleZeroOrMinusOneIsInvalid
{
    private readonly int _device;

    private CudaContext(CudaBinding binding, int device, nint context)
        : base(ownsHandle: true)
    {
        (Binding, _device) = (binding, device);
        SetHandle(context);
    }

    /// <summary>What calls the driver, for all that is made in the context.</summary>
    public CudaBinding Binding { get; }

    /// <summary>The device's number, as CUDA counts.</summary>
    public int Ordinal { get; private init; }

    /// <summary>Opens a device.</summary>
    /// <param name="cuda">What calls the driver.</param>
    /// <param name="ordinal">Its number.</param>
    /// <exception cref="GuardException">The driver or the device cannot be used.</exception>
    public static CudaContext Open(CudaBinding cuda, int ordinal)
    {
        if (CudaDeviceInfo.WhyNone(cuda) is { } problem)
            throw new GuardException(GuardFault.Environment, $"No NVIDIA GPU can be used: {problem.TrimEnd('.')}. Install a current NVIDIA driver, or use --device cpu.");
        cuda.Check(cuda.DeviceGetCount(out var count));
        if (ordinal < 0 || ordinal >= count)
            throw new GuardException(GuardFault.Environment, $"There is no GPU cuda:{ordinal}; the driver knows {count}. Choose one of cuda:0 to cuda:{count - 1} (see CUDA_VISIBLE_DEVICES), or --device cpu.");
        cuda.Check(cuda.DeviceGet(out var device, ordinal));
        cuda.Check(cuda.PrimaryContextRetain(out var context, device));
        return new(cuda, device, context) { Ordinal = ordinal };
    }

    /// <summary>Makes the context current until the scope ends.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed, and so was everything made in it.</exception>
    public Scope Enter()
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        Binding.Check(Binding.ContextPush(handle));
        return new(Binding, handle);
    }

    protected override bool ReleaseHandle() => Binding.PrimaryContextRelease(_device) == 0;

    /// <summary>A stretch of code in which the context is current.</summary>
    public readonly ref struct Scope(CudaBinding cuda, nint entered)
    {
        /// <summary>Makes current again what was before.</summary>
        public void Dispose()
        {
            _ = cuda.ContextPop(out var left);
            Debug.Assert(left == entered, "Scopes end in the reverse order of their beginning.");
        }
    }
}

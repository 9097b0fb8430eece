// Turns the statuses of the driver and of NVRTC into errors for people.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace InferenceGuard.Interop.Cuda;

/// <summary>Turns statuses into <see cref="GuardException"/>s of the environment.</summary>
internal static class CudaStatus
{
    private const int OutOfMemory = 2, Invalid = 200;

    /// <summary>Throws unless a driver call succeeded.</summary>
    /// <param name="cuda">What called the driver.</param>
    /// <param name="status">What it gave.</param>
    /// <param name="subject">What it was called for, if the call does not say: a kernel.</param>
    /// <param name="call">The call, as it stands in the code.</param>
    public static void Check(this CudaBinding cuda, int status, string? subject = null, [CallerArgumentExpression(nameof(status))] string call = "")
    {
        if (status != 0)
            throw cuda.Error(status, call, subject, "");
    }

    /// <summary>Throws unless an allocation succeeded, with the sizes.</summary>
    /// <param name="cuda">What called the driver.</param>
    /// <param name="status">What it gave.</param>
    /// <param name="sizeBytes">Size asked for.</param>
    /// <param name="call">The call, as it stands in the code.</param>
    public static void CheckAllocation(this CudaBinding cuda, int status, long sizeBytes, [CallerArgumentExpression(nameof(status))] string call = "")
    {
        if (status == OutOfMemory && cuda.MemoryGetInfo(out var free, out var total) == 0)
            throw cuda.Error(status, call, null, $" {(sizeBytes + (1 << 20) - 1) >> 20} MiB were asked for; {free >> 20} of {total >> 20} MiB are free.");
        cuda.Check(status, null, call);
    }

    /// <summary>Throws unless an NVRTC call succeeded.</summary>
    /// <param name="cuda">What called NVRTC.</param>
    /// <param name="status">What it gave.</param>
    /// <param name="call">The call, as it stands in the code.</param>
    public static void CheckCompiler(this CudaBinding cuda, int status, [CallerArgumentExpression(nameof(status))] string call = "")
    {
        if (status != 0)
            throw new GuardException(GuardFault.Environment, $"NVRTC failed: {Name(call, nameof(NvrtcNative))} gave {status}, {cuda.CompilerErrorText(status)}.");
    }

    /// <summary>The error of a driver status.</summary>
    /// <param name="cuda">What called the driver.</param>
    /// <param name="status">What a call gave.</param>
    /// <param name="call">The call.</param>
    /// <param name="subject">What it was called for, or null.</param>
    /// <param name="detail">What else is known, beginning with a blank.</param>
    public static GuardException Error(this CudaBinding cuda, int status, string call, string? subject, string detail)
    {
        var name = cuda.GetErrorName(status, out var text) == 0 ? Marshal.PtrToStringUTF8(text) : "unknown to the driver";
        var words = cuda.GetErrorString(status, out text) == 0 ? Marshal.PtrToStringUTF8(text) : null;
        return new(GuardFault.Environment, $"CUDA failed: {Name(call, nameof(CudaDriver))}{(subject is null ? "" : $" for {subject}")} gave {status} ({name}{(words is null ? "" : $": {words}")}).{detail}{Remedy(status)}");
    }

    // A function is named as it is declared, whoever calls it.
    private static string Name(string call, string declared)
    {
        var name = call.Split('(')[0];
        return name.LastIndexOf('.') is var dot && dot < 0 ? name : $"{declared}{name[dot..]}";
    }

    private static string Remedy(int status) => status switch
    {
        OutOfMemory => " Use fewer beams, keep fewer model layers on the GPU (--gpu-layers), or --device cpu.",
        34 => " The CUDA driver that was loaded is the toolkit's stub; install an NVIDIA driver, or use --device cpu.",
        35 or 803 => " Install a newer NVIDIA driver, or use --device cpu.",
        100 => " No NVIDIA GPU is visible (see CUDA_VISIBLE_DEVICES); use --device cpu.",
        Invalid or 209 or 218 or 222 => " The driver is older than the kernels' compiler; install a newer driver, or use --device cpu.",
        701 => " The launch needs more registers or shared memory than this GPU has; use fewer beams, or --device cpu.",
        802 => " The GPUs are not ready: start NVIDIA's fabric manager, or use --device cpu.",
        999 => " The driver is in a bad state, as after a suspend: restart the machine, or use --device cpu.",
        700 or 702 or (>= 714 and <= 719) => " A kernel failed, and the device can no longer be used by this process; please report it, and use --device cpu meanwhile.",
        _ => "",
    };
}

// From a kernel's source to a module on a device: cached, compiled with NVRTC, or from the PTX that the build made.

using System.Globalization;
using System.Text;

namespace InferenceGuard.Interop.Cuda;

/// <summary>Makes kernels for one device. All calls need its context to be current.</summary>
/// <param name="context">The device's context.</param>
/// <param name="device">The device.</param>
/// <param name="compiler">NVRTC, or why there is none.</param>
/// <param name="cache">What was compiled before.</param>
internal sealed unsafe class KernelCompiler(CudaContext context, CudaDeviceInfo device, CudaLibrary compiler, KernelCache cache)
{
    private const int LogBytes = 1 << 14;

    /// <summary>With the NVRTC of this process and the cache of this user.</summary>
    /// <param name="context">The device's context.</param>
    /// <param name="device">The device.</param>
    public KernelCompiler(CudaContext context, CudaDeviceInfo device)
        : this(context, device, context.Binding.Compiler, KernelCache.OfUser())
    {
    }

    /// <summary>What compiles, for people.</summary>
    /// <param name="cuda">What calls it.</param>
    public static string Describe(CudaBinding cuda) => cuda.Compiler is { Problem: null } compiler && cuda.CompilerVersion(out var major, out var minor) == 0
        ? string.Create(CultureInfo.InvariantCulture, $"NVRTC {major}.{minor} ({compiler.Path})")
        : "the PTX that this build contains";

    /// <summary>Makes one of the library's kernels ready.</summary>
    /// <param name="file">Its source, such as <c>sample</c>.</param>
    /// <param name="name">Its entry point.</param>
    /// <param name="isHalf">Its value of NUMBER_IS_HALF.</param>
    /// <exception cref="GuardException">It cannot be compiled or loaded; with the compiler's log.</exception>
    public CudaKernel Compile(string file, string name, bool isHalf = false)
    {
        if (compiler.Problem is not { } problem)
            return Compile($"{file}.cu", KernelSource.Read(file), name, isHalf ? "-DNUMBER_IS_HALF=1" : "-DNUMBER_IS_HALF=0");
        return Load(KernelSource.ReadPtx(file, isHalf, device.Capability) ?? throw new GuardException(
            GuardFault.Environment, $"The kernels for {device.Name} cannot be compiled: {problem}, and this build contains no PTX. Install CUDA's run-time compiler (NVRTC), or use --device cpu."), name);
    }

    /// <summary>Makes a kernel ready, from the cache or with NVRTC.</summary>
    /// <param name="file">Its source's name, for the compiler's log.</param>
    /// <param name="source">CUDA C++ without includes.</param>
    /// <param name="name">Its entry point.</param>
    /// <param name="define">The compiler's option that sets its parameter.</param>
    /// <exception cref="GuardException">It cannot be compiled or loaded; with the compiler's log.</exception>
    public CudaKernel Compile(string file, string source, string name, string define)
    {
        var cuda = context.Binding;
        cuda.CheckCompiler(cuda.CompilerVersion(out var major, out var minor));
        string[] options = ["--std=c++17", "-default-device", "-lineinfo", define];
        var key = KernelCache.Key([file, source, .. options, string.Create(CultureInfo.InvariantCulture, $"{device.Capability} {major}.{minor} {compiler.Identity}")]);
        // What is kept may be of a driver that is gone.
        if (cache.Read(key) is { } kept && TryLoad(kept, out var module, out _) == 0)
            return new(module!, name);
        var image = NvrtcProgram.Compile(cuda, file, source, options, device.Capability);
        var kernel = Load(image, name);
        cache.Write(key, image);
        return kernel;
    }

    /// <summary>Makes a kernel ready from an image.</summary>
    /// <param name="image">Machine code or PTX.</param>
    /// <param name="name">Its entry point.</param>
    /// <exception cref="GuardException">The driver refuses it; with what the driver says of it.</exception>
    public CudaKernel Load(byte[] image, string name)
    {
        var status = TryLoad(image, out var module, out var log);
        return status == 0 ? new(module!, name) : throw context.Binding.Error(status, nameof(CudaBinding.ModuleLoadData), name, log.Length == 0 ? "" : $" {log}");
    }

    private int TryLoad(byte[] image, out CudaHandle? module, out string log)
    {
        // PTX is text and ends with a zero byte.
        var text = new byte[image.Length + 1];
        image.CopyTo(text, 0);
        const int ErrorLogBuffer = 5, ErrorLogBufferBytes = 6;
        var buffer = new byte[LogBytes];
        fixed (byte* pointer = buffer)
        {
            var cuda = context.Binding;
            var status = cuda.ModuleLoadData(out var value, text, [ErrorLogBuffer, ErrorLogBufferBytes], [(nint)pointer, LogBytes]);
            module = status == 0 ? new(context, value, cuda.ModuleUnload) : null;
            log = Encoding.UTF8.GetString(buffer, 0, Math.Max(0, Array.IndexOf(buffer, (byte)0))).Trim();
            return status;
        }
    }
}

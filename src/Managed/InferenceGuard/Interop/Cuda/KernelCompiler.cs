// From a kernel's source to a module on a device: cached, compiled with NVRTC, or from the PTX that the build made.

using System.Globalization;
using System.Text;

namespace InferenceGuard.Interop.Cuda;

/// <summary>Makes kernels for one device.</summary>
internal sealed unsafe class KernelCompiler(CudaContext context, CudaDeviceInfo device)
{
    private const int LogBytes = 1 << 14;

    /// <summary>What compiles, for people.</summary>
    public static string Describe() => CudaLibraries.Compiler is { Problem: null } compiler && NvrtcNative.Version(out var major, out var minor) == 0
        ? string.Create(CultureInfo.InvariantCulture, $"NVRTC {major}.{minor} ({compiler.Path})")
        : "the PTX that this build contains";

    /// <summary>Makes a kernel ready. The context must be current.</summary>
    /// <param name="file">Its source, such as <c>sample</c>.</param>
    /// <param name="name">Its entry point.</param>
    /// <param name="isHalf">Its value of NUMBER_IS_HALF.</param>
    /// <exception cref="GuardException">It cannot be compiled or loaded; with the compiler's log.</exception>
    public CudaKernel Compile(string file, string name, bool isHalf = false) =>
        CudaLibraries.Compiler.Problem is not null && KernelSource.ReadPtx(file, isHalf, device.Capability) is { } built
            ? Load(built, name)
            : Compile(file, KernelSource.Read(file), name, isHalf);

    /// <summary>Makes a kernel ready from a source that is not the library's. The context must be current.</summary>
    /// <param name="file">What the source is called in messages, without its ending.</param>
    /// <param name="source">Its source, headers put in.</param>
    /// <param name="name">Its entry point.</param>
    /// <param name="isHalf">Its value of NUMBER_IS_HALF.</param>
    /// <exception cref="GuardException">It cannot be compiled or loaded; with the compiler's log.</exception>
    public CudaKernel Compile(string file, string source, string name, bool isHalf)
    {
        if (CudaLibraries.Compiler.Problem is { } problem)
            throw new GuardException(
                GuardFault.Environment, $"The kernels for {device.Name} cannot be compiled: {problem}, and this build contains no PTX. Install CUDA's run-time compiler (NVRTC), or use --device cpu.");
        CudaStatus.CheckCompiler(NvrtcNative.Version(out var major, out var minor));
        string[] options =
        [
            string.Create(CultureInfo.InvariantCulture, $"--gpu-architecture={Architecture(major, minor)}"),
            "--std=c++17", "-default-device", "-lineinfo", isHalf ? "-DNUMBER_IS_HALF=1" : "-DNUMBER_IS_HALF=0",
        ];
        var compiler = CudaLibraries.Compiler.Path!;
        var stamp = File.Exists(compiler) ? File.GetLastWriteTimeUtc(compiler).Ticks : 0;
        var path = KernelCache.PathOf([source, .. options, string.Create(CultureInfo.InvariantCulture, $"{compiler} {major}.{minor} {stamp}")]);
        if (KernelCache.Read(path) is { } cached && TryLoad(cached, out var module, out _) == 0)
            return new(module!, name);
        var image = Compile($"{file}.cu", source, options);
        KernelCache.Write(path, image);
        return Load(image, name);
    }

    // A card that NVRTC knows gets machine code; for a newer one the driver finishes the newest PTX that NVRTC can make.
    private string Architecture(int major, int minor)
    {
        var newest = (major, minor) switch
        {
            ( >= 13, _) => 121,
            (12, >= 8) => 120,
            (12, _) => 90,
            _ => 86,
        };
        return string.Create(CultureInfo.InvariantCulture, $"{(device.Capability <= newest ? "sm" : "compute")}_{Math.Min(device.Capability, newest)}");
    }

    private static byte[] Compile(string file, string source, string[] options)
    {
        CudaStatus.CheckCompiler(NvrtcNative.CreateProgram(out var program, source, file, 0, null, null));
        try
        {
            var texts = options.Select(static option => Encoding.UTF8.GetBytes(option + '\0')).ToArray();
            var pinned = texts.Select(static text => System.Runtime.InteropServices.GCHandle.Alloc(text, System.Runtime.InteropServices.GCHandleType.Pinned)).ToArray();
            var pointers = stackalloc byte*[options.Length];
            for (var at = 0; at < options.Length; at++)
                pointers[at] = (byte*)pinned[at].AddrOfPinnedObject();
            var status = NvrtcNative.CompileProgram(program, options.Length, pointers);
            foreach (var handle in pinned)
                handle.Free();
            if (status != 0)
                throw new GuardException(GuardFault.Environment, $"NVRTC cannot compile {file} ({string.Join(' ', options)}):\n{CompilerLog.WithSource(Log(program), file, source)}");
            return options[0].Contains("=sm_", StringComparison.Ordinal) ? Cubin(program) : Ptx(program);
        }
        finally
        {
            _ = NvrtcNative.DestroyProgram(ref program);
        }
    }

    private static string Log(nint program)
    {
        CudaStatus.CheckCompiler(NvrtcNative.GetLogSize(program, out var size));
        var log = new byte[size];
        fixed (byte* pointer = log)
            CudaStatus.CheckCompiler(NvrtcNative.GetLog(program, pointer));
        return Encoding.UTF8.GetString(log).TrimEnd('\0', '\n');
    }

    private static byte[] Cubin(nint program)
    {
        CudaStatus.CheckCompiler(NvrtcNative.GetCubinSize(program, out var size));
        var image = new byte[size];
        fixed (byte* pointer = image)
            CudaStatus.CheckCompiler(NvrtcNative.GetCubin(program, pointer));
        return image;
    }

    private static byte[] Ptx(nint program)
    {
        CudaStatus.CheckCompiler(NvrtcNative.GetPtxSize(program, out var size));
        var image = new byte[size];
        fixed (byte* pointer = image)
            CudaStatus.CheckCompiler(NvrtcNative.GetPtx(program, pointer));
        return image;
    }

    private CudaKernel Load(byte[] image, string name)
    {
        var status = TryLoad(image, out var module, out var log);
        return status == 0 ? new(module!, name) : throw CudaStatus.Error(status, "cuModuleLoadDataEx", log.Length == 0 ? "" : $" {log}");
    }

    private int TryLoad(byte[] image, out CudaHandle? module, out string log)
    {
        // PTX is text and ends with a zero byte.
        var text = new byte[image.Length + 1];
        image.CopyTo(text, 0);
        const int ErrorLogBuffer = 5, ErrorLogBufferBytes = 6;
        var options = stackalloc int[] { ErrorLogBuffer, ErrorLogBufferBytes };
        var buffer = new byte[LogBytes];
        fixed (byte* pointer = text, logPointer = buffer)
        {
            var values = stackalloc void*[] { logPointer, (void*)LogBytes };
            var status = CudaDriver.ModuleLoadData(out var value, pointer, 2, options, values);
            module = status == 0 ? new(context, value, CudaDriver.ModuleUnload) : null;
            log = Encoding.UTF8.GetString(buffer, 0, Math.Max(0, Array.IndexOf(buffer, (byte)0))).Trim();
            return status;
        }
    }
}

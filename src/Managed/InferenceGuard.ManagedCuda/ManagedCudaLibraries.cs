// Which files ManagedCuda's declarations reach: the same ones as our own binding's.

using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using InferenceGuard.Interop.Cuda;
using ManagedCuda.NVRTC;
using Native = ManagedCuda.DriverAPINativeMethods;

namespace InferenceGuard.ManagedCuda;

/// <summary>
/// The driver and NVRTC as ManagedCuda's declarations reach them. On Linux it asks the loader for libcuda.so and libnvrtc.so, which only
/// developers' machines have; where it finds nothing, it is given what <see cref="CudaLibraries"/> finds.
/// </summary>
internal static class ManagedCudaLibraries
{
    private static readonly Lazy<CudaLibrary> s_driver = new(static () =>
        Reached(CudaLibraries.Driver, typeof(Native).Assembly, OperatingSystem.IsWindows() ? "nvcuda" : "libcuda"));

    private static readonly Lazy<CudaLibrary> s_compiler = new(static () =>
        Reached(CudaLibraries.Compiler, typeof(NVRTCNativeMethods).Assembly, OperatingSystem.IsWindows() ? "nvrtc64_120_0" : "nvrtc"));

    static ManagedCudaLibraries()
    {
        // Each assembly has the functions of one library only.
        Offer(typeof(Native).Assembly, static () => CudaLibraries.Driver.Handle);
        Offer(typeof(NVRTCNativeMethods).Assembly, static () => CudaLibraries.Compiler.Handle);
    }

    /// <summary>The driver, or why there is none.</summary>
    public static CudaLibrary Driver => s_driver.Value;

    /// <summary>NVRTC, or why there is none.</summary>
    public static CudaLibrary Compiler => s_compiler.Value;

    /// <summary>The library that an assembly of ManagedCuda reaches: the one it finds by itself, or the one that it is offered.</summary>
    /// <param name="offered">What is offered.</param>
    /// <param name="caller">The assembly.</param>
    /// <param name="name">The name it looks for.</param>
    public static CudaLibrary Reached(CudaLibrary offered, Assembly caller, string name)
    {
        if (!NativeLibrary.TryLoad(name, caller, DllImportSearchPath.SafeDirectories, out var handle) || handle == offered.Handle)
            return offered;
        if (CudaLibraries.Demanded is not { } folder)
            return new(name, handle, null);
        return offered.Problem is null
            ? new(null, 0, $"{CudaLibraries.FolderVariable} is {folder}, but ManagedCuda finds another {name} by itself; take that out of the loader's path, or use a build without ManagedCuda")
            : offered;
    }

    private static void Offer(Assembly caller, Func<nint> handle) =>
        AssemblyLoadContext.GetLoadContext(caller)!.ResolvingUnmanagedDll += (assembly, _) => assembly == caller ? handle() : 0;
}

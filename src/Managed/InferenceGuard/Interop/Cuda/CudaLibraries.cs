// Finds and loads the CUDA driver and NVRTC, and says where they came from or why not.

using System.Runtime.InteropServices;

namespace InferenceGuard.Interop.Cuda;

/// <summary>The CUDA driver and NVRTC. Nothing on the CPU path needs them.</summary>
internal static class CudaLibraries
{
    /// <summary>The environment variable that names the only folder to look into, such as the software device's.</summary>
    public const string FolderVariable = "INFERENCEGUARD_CUDA_DIR";

    private static readonly string[] s_driverNames = OperatingSystem.IsWindows() ? ["nvcuda.dll"] : ["libcuda.so.1"];

    private static readonly string[] s_compilerNames =
        OperatingSystem.IsWindows() ? ["nvrtc64_130_0.dll", "nvrtc64_120_0.dll"] : ["libnvrtc.so.13", "libnvrtc.so.12"];

    private static readonly Lazy<CudaLibrary> s_driver = new(static () => Find(s_driverNames, "cuInit", [null]));
    private static readonly Lazy<CudaLibrary> s_compiler = new(static () => Find(s_compilerNames, "nvrtcVersion", [null, .. ToolkitFolders()]));

    static CudaLibraries() => NativeResolver.Add(static name => name switch
    {
        CudaDriver.Library => s_driver.Value.Handle,
        NvrtcNative.Library => s_compiler.Value.Handle,
        _ => 0,
    });

    /// <summary>The driver.</summary>
    public static CudaLibrary Driver => s_driver.Value;

    /// <summary>The compiler.</summary>
    public static CudaLibrary Compiler => s_compiler.Value;

    private static CudaLibrary Find(string[] names, string symbol, IEnumerable<string?> folders)
    {
        var demanded = Environment.GetEnvironmentVariable(FolderVariable);
        if (!string.IsNullOrEmpty(demanded))
            folders = [demanded];
        foreach (var folder in folders)
            foreach (var name in names)
            {
                if (folder is not null)
                    LoadBuiltins(folder);
                var path = folder is null ? name : Path.GetFullPath(Path.Combine(folder, name));
                if (!NativeLibrary.TryLoad(path, out var handle))
                    continue;
                return NativeLibrary.TryGetExport(handle, symbol, out _) ? new(path, handle, null) : new(path, 0, $"{path} lacks {symbol}");
            }
        return new(null, 0, string.IsNullOrEmpty(demanded)
            ? $"the loader finds no {string.Join(" or ", names)}"
            : $"{FolderVariable} is {demanded}, where no {string.Join(" or ", names)} can be loaded");
    }

    // NVRTC opens its builtins by their bare name, which works from a folder of its own only when they are loaded already.
    private static void LoadBuiltins(string folder)
    {
        if (!Directory.Exists(folder))
            return;
        foreach (var builtins in Directory.EnumerateFiles(folder, OperatingSystem.IsWindows() ? "nvrtc-builtins*.dll" : "libnvrtc-builtins.so*"))
            _ = NativeLibrary.TryLoad(Path.GetFullPath(builtins), out _);
    }

    private static IEnumerable<string> ToolkitFolders()
    {
        yield return AppContext.BaseDirectory;
        if (Environment.GetEnvironmentVariable("CUDA_PATH") is { Length: > 0 } toolkit)
            yield return Path.Combine(toolkit, OperatingSystem.IsWindows() ? "bin" : "lib64");
        if (OperatingSystem.IsLinux())
            yield return "/usr/local/cuda/lib64";
    }
}

// Finds and loads the CUDA driver and NVRTC, and says where they came from or why not.

using System.Runtime.InteropServices;

namespace InferenceGuard.Interop.Cuda;

/// <summary>The CUDA driver and NVRTC. Nothing on the CPU path needs them, and a machine without them is no error.</summary>
internal static class CudaLibraries
{
    /// <summary>The environment variable that names the only folder to look into, such as the software device's.</summary>
    public const string FolderVariable = "INFERENCEGUARD_CUDA_DIR";

    private static readonly string[] s_driverNames = OperatingSystem.IsWindows() ? ["nvcuda.dll"] : ["libcuda.so.1"];

    private static readonly Lazy<CudaLibrary> s_driver = new(static () => FindDriver(Demanded));
    private static readonly Lazy<CudaLibrary> s_compiler = new(static () => FindCompiler(Demanded, DriverVersion()));

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

    /// <summary>The only folder to look into; null for those of the system.</summary>
    public static string? Demanded => Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } folder ? folder : null;

    /// <summary>Looks for a driver.</summary>
    /// <param name="demanded">The only folder to look into; null or empty for those of the system.</param>
    public static CudaLibrary FindDriver(string? demanded) => Find(s_driverNames, "cuInit", demanded, [null]);

    /// <summary>Looks for NVRTC.</summary>
    /// <param name="demanded">The only folder to look into; null or empty for those of the system.</param>
    /// <param name="driverVersion">Version of CUDA that the driver knows: 12040.</param>
    public static CudaLibrary FindCompiler(string? demanded, int driverVersion) =>
        Find(CompilerNames(driverVersion), "nvrtcVersion", demanded, [null, .. ToolkitFolders()]);

    /// <summary>The files of NVRTC, the best first: a driver may refuse what a newer compiler makes.</summary>
    public static string[] CompilerNames(int driverVersion)
    {
        string[] names = OperatingSystem.IsWindows() ? ["nvrtc64_130_0.dll", "nvrtc64_120_0.dll"] : ["libnvrtc.so.13", "libnvrtc.so.12"];
        return driverVersion >= 13000 ? names : [.. names.Reverse()];
    }

    /// <summary>Loads the first of some files that is there and is what it should be.</summary>
    /// <param name="names">Their names.</param>
    /// <param name="symbol">What the library must export.</param>
    /// <param name="demanded">The only folder to look into; null or empty for <paramref name="folders"/>.</param>
    /// <param name="folders">Where to look; null is the operating system's loader.</param>
    public static CudaLibrary Find(string[] names, string symbol, string? demanded, IEnumerable<string?> folders)
    {
        var (isDemanded, broken) = (!string.IsNullOrEmpty(demanded), (string?)null);
        foreach (var folder in isDemanded ? [demanded] : folders)
        {
            if (folder is not null)
                LoadBuiltins(folder);
            foreach (var name in names)
            {
                var path = folder is null ? name : Path.GetFullPath(Path.Combine(folder, name));
                if (!NativeLibrary.TryLoad(path, out var handle))
                    broken ??= File.Exists(path) ? $"{path} cannot be loaded; it is damaged, for another processor, or lacks a library of its own" : null;
                else if (NativeLibrary.TryGetExport(handle, symbol, out _))
                    return new(path, handle, null);
                else
                    broken ??= $"{path} lacks {symbol}";
            }
        }
        return new(null, 0, broken ?? (isDemanded
            ? $"{FolderVariable} is {demanded}, where there is no {string.Join(" or ", names)}"
            : $"the loader finds no {string.Join(" or ", names)}"));
    }

    private static int DriverVersion() => Driver.Problem is null && CudaDriver.DriverGetVersion(out var version) == 0 ? version : 0;

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
            foreach (var folder in OperatingSystem.IsWindows() ? (string[])["bin/x64", "bin"] : ["lib64"])
                yield return Path.Combine(toolkit, folder);
        if (OperatingSystem.IsLinux())
            yield return "/usr/local/cuda/lib64";
    }
}

// Whether the driver and the run-time compiler of CUDA are there.

using System.Runtime.InteropServices;

namespace InferenceGuard.App.Cli.Doctor;

/// <summary>Looks for CUDA the way the loader of the operating system does. Nothing on the CPU path needs it.</summary>
internal static class CudaChecks
{
    private static readonly string[] s_drivers = ["libcuda.so.1", "nvcuda.dll"];
    private static readonly string[] s_compilers = ["libnvrtc.so.13", "libnvrtc.so.12", "nvrtc64_130_0.dll", "nvrtc64_120_0.dll"];

    public static Verdict Driver() => Look("CUDA driver", s_drivers, "cuInit", "install an NVIDIA driver to use a GPU");

    public static Verdict Compiler() => Look("NVRTC", s_compilers, "nvrtcVersion", "install the CUDA run-time compiler to use a GPU");

    private static Verdict Look(string subject, string[] names, string symbol, string remedy)
    {
        var here = names.Where(static name => name.EndsWith(".dll", StringComparison.Ordinal) == OperatingSystem.IsWindows()).ToArray();
        foreach (var name in here)
        {
            if (!NativeLibrary.TryLoad(name, out var library))
                continue;
            return NativeLibrary.TryGetExport(library, symbol, out _)
                ? new(subject, Health.Good, $"{name} found")
                : new(subject, Health.Absent, $"{name} found, but it lacks {symbol}; {remedy}");
        }
        return new(subject, Health.Absent, $"the loader finds no {string.Join(" or ", here)}; {remedy}");
    }
}

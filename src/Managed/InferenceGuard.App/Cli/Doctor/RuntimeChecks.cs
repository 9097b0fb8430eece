// The .NET runtime, the processor, and the llama.cpp libraries.

using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using InferenceGuard.Model;

namespace InferenceGuard.App.Cli.Doctor;

/// <summary>What every generation stands on.</summary>
internal static class RuntimeChecks
{
    public static Verdict Runtime() =>
        new("runtime", Health.Good, $"{RuntimeInformation.FrameworkDescription} on {RuntimeInformation.OSDescription}, {RuntimeInformation.RuntimeIdentifier}");

    public static Verdict Processor() => new("processor", Health.Good, $"{Environment.ProcessorCount} logical processors, {string.Join(", ", Features())}");

    public static IEnumerable<Verdict> Llama()
    {
        LlamaBuild? build = null;
        yield return Verdict.Of("llama.cpp", () =>
        {
            build = LlamaEngine.Current.Describe();
            return $"{build.Version} (ggml {build.GgmlVersion}) in {build.Folder}; {LlamaEngine.Current.Name}";
        });
        if (build is not null)
            yield return new("backend", Health.Good, $"{string.Join("; ", build.Devices)}{(build.GpuOffload ? "" : " (no GPU offload in this build)")}");
    }

    private static IEnumerable<string> Features()
    {
        if (Avx512F.IsSupported)
            yield return "AVX-512";
        if (Avx2.IsSupported)
            yield return "AVX2";
        if (Fma.IsSupported)
            yield return "FMA";
        if (System.Runtime.Intrinsics.Arm.AdvSimd.IsSupported)
            yield return "AdvSimd";
        if (System.Runtime.Intrinsics.Arm.Dp.IsSupported)
            yield return "dot product";
        if (!Vector128.IsHardwareAccelerated)
            yield return "no SIMD: generations will be slow";
    }
}

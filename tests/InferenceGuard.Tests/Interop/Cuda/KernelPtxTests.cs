// Every kernel compiles for every generation of cards that clang knows, and keeps its numbers in registers.

using System.Diagnostics;
using System.Text.RegularExpressions;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Interop.Cuda;

internal sealed partial class KernelPtxTests
{
    private static readonly string[] s_compilers = ["clang-19", "clang-18", "clang-17", "clang-16", "clang-15", "clang-14", "clang"];

    private static readonly Lazy<(string Name, int Major)?> s_clang = new(static () =>
        s_compilers.Select(static name => (name, Major(name))).FirstOrDefault(static clang => clang.Item2 >= 14) is ({ } found, var major) ? (found, major) : null);

    public static IEnumerable<string> Kernels => Directory.EnumerateFiles(RepositoryFiles.At("kernels"), "*.cu").Select(Path.GetFileNameWithoutExtension).Order()!;

    [Test]
    public void EveryKernel_ForEveryCard_CompilesWithoutLocalMemory(
        [ValueSource(nameof(Kernels))] string kernel, [Values(75, 80, 86, 89, 90)] int card, [Values(0, 1)] int isHalf)
    {
        if (kernel == "critic_layer_mma" && (isHalf == 0 || card < 80))
            return; // Tensor cores multiply halves from sm_80 on.
        if (s_clang.Value is not { } clang)
            Assert.Ignore("no clang of version 14 or later is installed");
        else if (card > (clang.Major < 16 ? 86 : 90))
            Assert.Ignore($"{clang.Name} does not know sm_{card}");
        else
        {
            var ptx = Compile(clang.Name, kernel, card, isHalf);
            Assert.That(ptx, Does.Match(@"\.visible \.entry \w+\("));
            // What does not fit registers, and arrays with an index that only run time knows, would lie in local memory.
            Assert.That(ptx, Does.Not.Contain(".local"));
        }
    }

    private static string Compile(string clang, string kernel, int card, int isHalf)
    {
        var path = Path.Combine(TestFolder.Path, $"{kernel}.{card}.{isHalf}.ptx");
        var (exitCode, output) = Run(clang,
            "-x", "cuda", "--cuda-device-only", $"--cuda-gpu-arch=sm_{card}", "-nocudainc", "-nocudalib", "-fdeclspec", "-Xclang", "-target-feature", "-Xclang", card > 86 ? "+ptx78" : "+ptx75",
            "-O3", "-std=c++17", "-Werror", "-Wno-unknown-cuda-version", $"-DNUMBER_IS_HALF={isHalf}", "-include", RepositoryFiles.At("kernels/clang/cuda_builtins.h"),
            "-S", "-o", path, RepositoryFiles.At($"kernels/{kernel}.cu"));
        Assert.That(exitCode, Is.Zero, output);
        return File.ReadAllText(path);
    }

    private static int Major(string clang)
    {
        try
        {
            return Version().Match(Run(clang, "--version").Output) is { Success: true } match ? int.Parse(match.Groups[1].Value, null) : 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return 0;
        }
    }

    private static (int ExitCode, string Output) Run(string command, params string[] arguments)
    {
        using var run = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = run.StandardError.ReadToEndAsync();
        var output = run.StandardOutput.ReadToEnd();
        run.WaitForExit();
        return (run.ExitCode, output + errors.Result);
    }

    [GeneratedRegex(@"clang version (\d+)")]
    private static partial Regex Version();
}

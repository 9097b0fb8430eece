// How many threads decode fastest by default: ggml's threads spin, so a second one per core only costs.

namespace InferenceGuard.Model;

/// <summary>The machine's physical cores, as far as they can be told.</summary>
internal static class PhysicalCores
{
    /// <summary>Threads for an option value.</summary>
    /// <param name="asked">The option; 0 = one per physical core.</param>
    /// <returns>At least 1 and never more than the processors this process may use: more made llama.cpp hang.</returns>
    public static int Threads(int asked)
    {
        if (asked < 0)
            throw new GuardException(GuardFault.Usage, $"{asked} threads were asked for; give 0 (one per physical core) or more.");
        return Math.Clamp(asked == 0 ? Count() : asked, 1, Environment.ProcessorCount);
    }

    /// <summary>Linux tells; elsewhere two processors per core are assumed on x64 and one on arm64.</summary>
    private static int Count()
    {
        const string Source = "/proc/cpuinfo";
        if (OperatingSystem.IsLinux() && File.Exists(Source) && Count(File.ReadLines(Source)) is > 0 and var cores)
            return cores;
        var isX64 = System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64;
        return isX64 && !OperatingSystem.IsLinux() ? (Environment.ProcessorCount + 1) / 2 : Environment.ProcessorCount;
    }

    /// <summary>Distinct (physical id, core id) pairs of /proc/cpuinfo; 0 where it has none (arm64).</summary>
    internal static int Count(IEnumerable<string> cpuInfo)
    {
        var cores = new HashSet<(string Package, string Core)>();
        var package = "";
        foreach (var line in cpuInfo)
        {
            var value = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
            if (line.StartsWith("physical id", StringComparison.Ordinal))
                package = value;
            else if (line.StartsWith("core id", StringComparison.Ordinal))
                cores.Add((package, value));
        }

        return cores.Count;
    }
}

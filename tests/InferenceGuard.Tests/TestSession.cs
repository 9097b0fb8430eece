// Before the first test: the build's engine is chosen, and the software CUDA device takes the place of a driver, unless a real one is asked for.

using System.Reflection;
using InferenceGuard.Interop.Cuda;
using InferenceGuard.Model;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests;

/// <summary>Chooses the engine and the CUDA device before anything looks for them.</summary>
[SetUpFixture]
public sealed class TestSession
{
    /// <summary>The environment variable that asks for the machine's own driver: <c>real</c>.</summary>
    private const string DeviceVariable = "INFERENCEGUARD_TEST_DEVICE";

    /// <summary>Whether the machine's own device is asked for, so that it must be there.</summary>
    public static bool IsDeviceDemanded => Environment.GetEnvironmentVariable(DeviceVariable) == "real";

    [OneTimeSetUp]
    public void Choose()
    {
        LlamaEngine.Current = Implementations.Engine;
        if (IsDeviceDemanded || Environment.GetEnvironmentVariable(Variable) is not null)
            return;
        var folder = typeof(TestSession).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static data => data.Key == "SoftcudaFolder").Value!;
        // Where it was not built, the folder is missing, and so is every device: a driver that is installed does not step in by chance.
        Environment.SetEnvironmentVariable(Variable, folder);
        Environment.SetEnvironmentVariable(KernelCache.FolderVariable, Path.Combine(folder, "..", "kernel-cache"));
    }

    private static string Variable => CudaLibraries.FolderVariable;
}

// Where the repository lies, for tests that read its files.

namespace InferenceGuard.Tests.Support;

/// <summary>The repository the tests were built from.</summary>
internal static class Repository
{
    /// <summary>The folder with the solution file, found upwards from the test assembly.</summary>
    public static string Root { get; } = FindRoot(TestContext.CurrentContext.TestDirectory);

    /// <summary>A path below the root.</summary>
    /// <param name="relative">With forward slashes.</param>
    public static string PathOf(string relative) => Path.Combine([Root, .. relative.Split('/')]);

    private static string FindRoot(string start)
    {
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "InferenceGuard.sln")))
                return folder.FullName;
        throw new InvalidOperationException($"No InferenceGuard.sln in {start} or above it; run the tests from a clone.");
    }
}

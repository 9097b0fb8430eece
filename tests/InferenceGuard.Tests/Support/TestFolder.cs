// A folder for the files that one test run writes.

namespace InferenceGuard.Tests.Support;

/// <summary>A temporary folder of this process, removed when it ends.</summary>
internal static class TestFolder
{
    private static readonly Lazy<string> s_path = new(Create);

    public static string Path => s_path.Value;

    private static string Create()
    {
        var folder = Directory.CreateTempSubdirectory("inferenceguard-tests-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return folder;
    }
}

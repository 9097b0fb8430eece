// Where the repository's own files lie, for tests that check what is committed.

namespace InferenceGuard.Tests.Support;

/// <summary>Paths of committed files.</summary>
internal static class RepositoryFiles
{
    public static string Root => Repository.Root;

    public static string At(string path) => Path.Combine(Root, path);

    public static string Hearth(string name) => Path.Combine(Root, "models", "hearth", name);
}

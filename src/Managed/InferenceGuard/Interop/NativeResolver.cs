// The one place that maps logical library names to files: an assembly can have only one resolver.

using System.Runtime.InteropServices;

namespace InferenceGuard.Interop;

/// <summary>Maps the logical names of native libraries to loaded files, for whoever knows the name.</summary>
internal static class NativeResolver
{
    private static readonly List<Func<string, nint>> s_loaders = [];

    static NativeResolver() => NativeLibrary.SetDllImportResolver(typeof(NativeResolver).Assembly, static (name, _, _) => Load(name));

    /// <summary>Adds who knows some names.</summary>
    /// <param name="load">Gives a handle, or 0 for a name it does not know.</param>
    public static void Add(Func<string, nint> load)
    {
        lock (s_loaders)
            s_loaders.Add(load);
    }

    private static nint Load(string name)
    {
        lock (s_loaders)
        {
            foreach (var load in s_loaders)
                if (load(name) is var handle && handle != 0)
                    return handle;
        }
        return 0;
    }
}

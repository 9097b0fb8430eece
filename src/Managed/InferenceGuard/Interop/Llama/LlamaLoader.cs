// Loads llama.cpp once per process: folder, ABI guard, log, backends.

namespace InferenceGuard.Interop.Llama;

/// <summary>Loads llama.cpp. Everything in <see cref="LlamaNative"/> and <see cref="GgmlNative"/> needs <see cref="Load"/> first.</summary>
internal static class LlamaLoader
{
    /// <summary>This binding, for people.</summary>
    public const string Name = "own binding";

    private static readonly Lazy<(string Folder, string Version)> s_loaded = new(LoadOnce);

    /// <summary>Loads the libraries and their compute backends; does nothing after the first time.</summary>
    /// <returns>The folder they came from and the version of libllama.</returns>
    /// <exception cref="GuardException">Missing libraries, another ABI, no usable backend, or another binding was first.</exception>
    public static (string Folder, string Version) Load() => s_loaded.Value;

    private static (string Folder, string Version) LoadOnce()
    {
        LlamaProcess.Claim(Name);
        var libraries = LlamaLibraries.Find(Environment.GetEnvironmentVariable(LlamaLibraries.FolderVariable), AppContext.BaseDirectory);
        foreach (var name in (ReadOnlySpan<string>)[GgmlNative.Base, GgmlNative.Registry])
            libraries.Load(name);
        var version = LlamaAbi.Check(libraries.Load(LlamaNative.Library), libraries.File(LlamaNative.Library)!);

        NativeResolver.Add(libraries.Load);
        LlamaLog.Install();
        GgmlNative.BackendLoadAllFromPath(libraries.Folder);
        if (GgmlNative.BackendRegCount() == 0)
        {
            throw new GuardException(
                GuardFault.Environment,
                $"No compute backend of llama.cpp in {libraries.Folder} runs on this processor; a libggml-cpu-* library beside libggml is needed. {LlamaLog.Cause()}");
        }

        LlamaNative.BackendInit();
        return (libraries.Folder, version);
    }
}

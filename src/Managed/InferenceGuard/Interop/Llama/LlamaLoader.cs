// Loads llama.cpp once per process: folder, ABI guard, log, backends.

using System.Runtime.InteropServices;

namespace InferenceGuard.Interop.Llama;

/// <summary>Loads llama.cpp. Everything in <see cref="LlamaNative"/> and <see cref="GgmlNative"/> needs <see cref="Load"/> first.</summary>
internal static partial class LlamaLoader
{
    private static readonly Lazy<(string Folder, string Version)> s_loaded = new(LoadOnce);

    /// <summary>Loads the libraries and their compute backends; does nothing after the first time.</summary>
    /// <returns>The folder they came from and the version of libllama.</returns>
    /// <exception cref="GuardException">Missing libraries, another ABI, or no usable backend.</exception>
    public static (string Folder, string Version) Load() => s_loaded.Value;

    /// <summary>Sets what ggml reads of its environment; before any of its libraries is loaded.</summary>
    public static void PrepareProcess()
    {
        // An abort inside ggml would otherwise start a debugger to print a backtrace. Only the C library's own
        // environment counts there, which Environment.SetEnvironmentVariable does not reach.
        if (!OperatingSystem.IsWindows())
            _ = SetEnvironment("GGML_NO_BACKTRACE", "1", 1);
    }

    private static (string Folder, string Version) LoadOnce()
    {
        PrepareProcess();
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

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}

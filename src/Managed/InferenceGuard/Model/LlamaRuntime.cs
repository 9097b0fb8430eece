// The llama.cpp libraries of this process, for those who want to know about them without a model.

using System.Diagnostics;
using System.Runtime.InteropServices;
using InferenceGuard.Interop.Llama;

namespace InferenceGuard.Model;

/// <summary>The llama.cpp libraries of this process.</summary>
public static unsafe class LlamaRuntime
{
    private const string CpuLibrary = "ggml-cpu-";

    /// <summary>Loads llama.cpp (once per process; loading a model does it too) and describes what was loaded.</summary>
    /// <exception cref="GuardException">Libraries are missing, of another version, or have no backend for this processor.</exception>
    public static LlamaBuild Load()
    {
        var (folder, version) = LlamaLoader.Load();
        var devices = new List<string>();
        for (nuint i = 0; i < GgmlNative.BackendDevCount(); i++)
        {
            var device = GgmlNative.BackendDevGet(i);
            var name = Text(GgmlNative.BackendDevName(device));
            devices.Add($"{name}: {Text(GgmlNative.BackendDevDescription(device))}{(name == "CPU" ? CpuVariant() : "")}");
        }

        return new LlamaBuild(folder, version, Text(GgmlNative.Version()), LlamaNative.SupportsGpuOffload() != 0, devices);
    }

    /// <summary>Receives every line llama.cpp logs, with its level: 1 debug, 2 info, 3 warning, 4 error.</summary>
    /// <param name="listener">Called on the thread that called llama.cpp; exceptions it throws are lost. Null for silence.</param>
    public static void ListenToLog(Action<int, string>? listener) => LlamaLog.Listener = listener;

    /// <summary>Which of the CPU libraries llama.cpp kept for this processor; empty where there is only one, linked in.</summary>
    private static string CpuVariant()
    {
        using var process = Process.GetCurrentProcess();
        return process.Modules.Cast<ProcessModule>()
            .Select(module => Path.GetFileNameWithoutExtension(module.FileName))
            .FirstOrDefault(file => file.Contains(CpuLibrary, StringComparison.Ordinal)) is { } chosen
            ? $", code for {chosen[(chosen.IndexOf(CpuLibrary, StringComparison.Ordinal) + CpuLibrary.Length)..]}"
            : "";
    }

    private static string Text(byte* utf8) => Marshal.PtrToStringUTF8((nint)utf8) ?? "";
}

// The library's own binding to llama.cpp, as an engine.

using System.Diagnostics;
using System.Runtime.InteropServices;
using InferenceGuard.Interop.Llama;

namespace InferenceGuard.Model;

/// <summary>The library's own binding to llama.cpp.</summary>
internal sealed unsafe class LlamaCppEngine : LlamaEngine
{
    private const string CpuLibrary = "ggml-cpu-";

    public override string Name => "own binding";

    public override LlamaBuild Describe()
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

    internal override ILlamaModel? LoadModel(string path, ModelOptions options)
    {
        LlamaLoader.Load();
        var parameters = LlamaNative.ModelDefaultParams();
        parameters.NGpuLayers = options.GpuLayers;
        parameters.LoadMode = options.MemoryMap ? LlamaLoadMode.Map : LlamaLoadMode.Read;
        parameters.VocabOnly = options.VocabularyOnly ? (byte)1 : (byte)0;
        LlamaLog.Clear();
        var handle = LlamaNative.ModelLoadFromFile(path, parameters);
        if (!handle.IsInvalid)
            return new NativeLlamaModel(handle);
        handle.Dispose();
        return null;
    }

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

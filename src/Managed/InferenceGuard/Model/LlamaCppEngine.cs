// The library's own binding to llama.cpp, as an engine.

using System.Diagnostics;
using InferenceGuard.Interop.Llama;

namespace InferenceGuard.Model;

/// <summary>The library's own binding to llama.cpp.</summary>
internal sealed class LlamaCppEngine : LlamaEngine
{
    private const string CpuLibrary = "ggml-cpu-";

    public override string Name => LlamaLoader.Name;

    public override LlamaBuild Describe()
    {
        var (folder, version) = LlamaLoader.Load();
        return new(folder, version, GgmlVersion(), LlamaNative.SupportsGpuOffload() != 0, [.. Devices().Select(static device => device + CpuVariant(device))]);
    }

    internal override void Load() => LlamaLoader.Load();

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
    private static string CpuVariant(string device)
    {
        if (!device.StartsWith("CPU:", StringComparison.Ordinal))
            return "";
        using var process = Process.GetCurrentProcess();
        return process.Modules.Cast<ProcessModule>()
            .Select(module => Path.GetFileNameWithoutExtension(module.FileName))
            .FirstOrDefault(file => file.Contains(CpuLibrary, StringComparison.Ordinal)) is { } chosen
            ? $", code for {chosen[(chosen.IndexOf(CpuLibrary, StringComparison.Ordinal) + CpuLibrary.Length)..]}"
            : "";
    }
}

// LLamaSharp as the binding to llama.cpp.

using System.Reflection;
using InferenceGuard.Interop.Llama;
using InferenceGuard.Model;
using LLama.Exceptions;
using LLama.Native;
using SafeLlamaModelHandle = LLama.Native.SafeLlamaModelHandle;

namespace InferenceGuard.LLamaSharp;

/// <summary>
/// llama.cpp through LLamaSharp, with the native libraries of its backend package, or those that <c>INFERENCEGUARD_LLAMA_DIR</c> names.
/// One decode runs at a time in a process: LLamaSharp has one lock for all contexts.
/// </summary>
public sealed class LLamaSharpEngine : LlamaEngine
{
    private static readonly Lazy<LoadedLlama> s_loaded = new(LoadedLlama.Load);

    private LLamaSharpEngine()
    {
    }

    /// <summary>The engine.</summary>
    public static LlamaEngine Instance { get; } = new LLamaSharpEngine();

    /// <inheritdoc />
    public override string Name { get; } =
        $"LLamaSharp {typeof(LLamaSharpEngine).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static data => data.Key == "LLamaSharpVersion").Value}";

    /// <inheritdoc />
    public override LlamaBuild Describe()
    {
        var loaded = s_loaded.Value;
        return new(loaded.Folder, loaded.Version, GgmlVersion(), NativeApi.llama_supports_gpu_offload(), Devices());
    }

    internal override void Load() => _ = s_loaded.Value;

    internal override ILlamaModel? LoadModel(string path, ModelOptions options)
    {
        var loaded = s_loaded.Value;
        var parameters = LLamaModelParams.Default();
        parameters.n_gpu_layers = options.GpuLayers;
        parameters.load_mode = options.MemoryMap ? LLamaLoadMode.MemoryMap : LLamaLoadMode.None;
        parameters.vocab_only = options.VocabularyOnly;
        LlamaLog.Clear();
        try
        {
            return new LLamaSharpModel(SafeLlamaModelHandle.LoadFromFile(path, parameters), loaded);
        }
        catch (LoadWeightsFailedException)
        {
            return null;
        }
    }
}

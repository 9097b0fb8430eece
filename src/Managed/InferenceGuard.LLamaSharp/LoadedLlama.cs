// The llama.cpp that LLamaSharp has loaded, and what LLamaSharp itself does not say of it.

using System.Diagnostics;
using System.Runtime.InteropServices;
using InferenceGuard.Interop;
using InferenceGuard.Interop.Llama;
using LLama.Native;
using SafeLlamaModelHandle = LLama.Native.SafeLlamaModelHandle;

namespace InferenceGuard.LLamaSharp;

/// <summary>The llama.cpp that LLamaSharp has loaded, and what LLamaSharp itself does not say of it. One for the process.</summary>
internal sealed unsafe class LoadedLlama
{
    private readonly nint _llama;

    private LoadedLlama(LlamaLibraries libraries)
    {
        Folder = libraries.Folder;
        _llama = libraries.Load(LlamaNative.Library);
    }

    /// <summary>The folder its libraries came from.</summary>
    public string Folder { get; }

    /// <summary>The version of libllama, where it has one.</summary>
    public string Version => NativeLibrary.TryGetExport(_llama, "llama_version", out var function)
        ? Marshal.PtrToStringUTF8(((delegate* unmanaged[Cdecl]<nint>)function)()) ?? ""
        : "of an unnamed version";

    /// <summary>Loads it.</summary>
    /// <exception cref="GuardException">There is none, it is of another build than LLamaSharp's, it has no backend for this processor, or another engine was first.</exception>
    public static LoadedLlama Load()
    {
        LlamaProcess.Claim(LLamaSharpEngine.Instance.Name);
        var demanded = Environment.GetEnvironmentVariable(LlamaLibraries.FolderVariable) is { Length: > 0 } folder ? Find(folder) : null;
        LlamaLog.Clear();
        _ = NativeLibraryConfig.All.WithLogCallback(static (level, text) => LlamaLog.Receive((int)level, text));
        if (demanded is not null)
            _ = NativeLibraryConfig.LLama.WithLibrary(demanded.File(LlamaNative.Library)!).WithAutoFallback(false).SkipCheck(true);
        try
        {
            NativeApi.llama_empty_call();
        }
        catch (TypeInitializationException e)
        {
            throw new GuardException(
                GuardFault.Environment, $"LLamaSharp finds no llama.cpp that can be loaded: {LlamaLog.Cause()}. Build with LlamaBackend=cpu (the default) or cuda for a platform that its backend package has.", e);
        }

        var libraries = demanded ?? Find(OwnFolder());
        var loaded = new LoadedLlama(libraries);
        loaded.CheckAbi(libraries.File(LlamaNative.Library)!);
        // What the library declares of ggml passes no structure by value, and so fits LLamaSharp's; type traits are read by their own pointer, as OutputMatrixTests hold.
        NativeResolver.Add(libraries.Load);
        // Builds with a library per processor load none of them unasked.
        if (GgmlNative.BackendRegCount() == 0)
            GgmlNative.BackendLoadAllFromPath(libraries.Folder);
        return GgmlNative.BackendDevCount() > 0
            ? loaded
            : throw new GuardException(GuardFault.Environment, $"No compute backend of llama.cpp in {loaded.Folder} runs on this processor. {LlamaLog.Cause()}");
    }

    /// <summary>Whether some layers have a state per sequence, which LLamaSharp does not ask.</summary>
    public bool IsHybrid(SafeLlamaModelHandle model)
    {
        using var lease = new HandleLease(model);
        return ((delegate* unmanaged[Cdecl]<nint, byte>)NativeLibrary.GetExport(_llama, "llama_model_is_hybrid"))(model.DangerousGetHandle()) != 0;
    }

    // A structure that is smaller in LLamaSharp than in the library would be overrun on the stack without any error.
    private void CheckAbi(string path)
    {
        foreach (var (export, sizeBytes) in ((string, int)[])[("llama_model_default_params", Marshal.SizeOf<LLamaModelParams>()), ("llama_context_default_params", Marshal.SizeOf<LLamaContextParams>())])
            if (LlamaAbi.WrittenBytes(_llama, export) > sizeBytes)
                throw Refuse(path, $"{export} writes more than the {sizeBytes} bytes that it knows");
        var model = LLamaModelParams.Default();
        var context = LLamaContextParams.Default();
        if (model is not { split_mode: GPUSplitMode.Layer, use_extra_bufts: true, vocab_only: false })
            throw Refuse(path, "llama_model_params are other ones");
        if (context is not
            {
                n_ctx: 512, n_batch: 2048, n_ubatch: 512, n_seq_max: 1, llama_pooling_type: LLamaPoolingType.Unspecified,
                type_k: GGMLType.GGML_TYPE_F16, type_v: GGMLType.GGML_TYPE_F16, defrag_threshold: -1, offload_kqv: true, kv_unified: false, n_samplers: 0,
            })
            throw Refuse(path, "llama_context_params are other ones");
    }

    private static GuardException Refuse(string path, string found) => new(
        GuardFault.Environment,
        $"{path} is another build of llama.cpp than {LLamaSharpEngine.Instance.Name} was made for: {found}. Unset {LlamaLibraries.FolderVariable} to use its own, or give it a folder with the llama.cpp that its release names.");

    private static LlamaLibraries Find(string folder) =>
        LlamaLibraries.Find(folder, AppContext.BaseDirectory, $"the llama.cpp that {LLamaSharpEngine.Instance.Name} was made for (libllama, libggml and libggml-base)");

    // Which of its folders LLamaSharp has chosen for this processor; the library's own binding loads files of other names.
    private static string OwnFolder()
    {
        using var process = Process.GetCurrentProcess();
        return process.Modules.Cast<ProcessModule>()
            .Where(static module => Path.GetFileNameWithoutExtension(module.FileName) is "libllama" or "llama")
            .Select(static module => Path.GetDirectoryName(module.FileName)).FirstOrDefault()
            ?? throw new GuardException(GuardFault.Environment, $"Where LLamaSharp found its llama.cpp cannot be told; set {LlamaLibraries.FolderVariable} to the folder.");
    }
}

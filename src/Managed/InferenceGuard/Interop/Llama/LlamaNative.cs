// libllama: parameters, models and contexts. Call LlamaRuntime.Load() once before any of these.

using System.Runtime.InteropServices;

namespace InferenceGuard.Interop.Llama;

/// <summary>The exports of libllama that this library uses; names follow llama.h without their prefix.</summary>
internal static unsafe partial class LlamaNative
{
    /// <summary>Logical name; <see cref="LlamaLibraries"/> maps it to a file.</summary>
    public const string Library = "llama";

    [LibraryImport(Library, EntryPoint = "llama_log_set")]
    public static partial void LogSet(delegate* unmanaged[Cdecl]<int, byte*, void*, void> callback, void* userData);

    [LibraryImport(Library, EntryPoint = "llama_backend_init")]
    public static partial void BackendInit();

    [LibraryImport(Library, EntryPoint = "llama_supports_gpu_offload")]
    public static partial byte SupportsGpuOffload();

    [LibraryImport(Library, EntryPoint = "llama_model_default_params")]
    public static partial LlamaModelParams ModelDefaultParams();

    [LibraryImport(Library, EntryPoint = "llama_context_default_params")]
    public static partial LlamaContextParams ContextDefaultParams();

    [LibraryImport(Library, EntryPoint = "llama_model_load_from_file", StringMarshalling = StringMarshalling.Utf8)]
    public static partial SafeLlamaModelHandle ModelLoadFromFile(string path, LlamaModelParams parameters);

    [LibraryImport(Library, EntryPoint = "llama_model_free")]
    public static partial void ModelFree(nint model);

    [LibraryImport(Library, EntryPoint = "llama_model_get_vocab")]
    public static partial nint ModelGetVocab(SafeLlamaModelHandle model);

    [LibraryImport(Library, EntryPoint = "llama_model_n_embd_out")]
    public static partial int ModelNEmbdOut(SafeLlamaModelHandle model);

    [LibraryImport(Library, EntryPoint = "llama_model_n_params")]
    public static partial ulong ModelNParams(SafeLlamaModelHandle model);

    [LibraryImport(Library, EntryPoint = "llama_model_size")]
    public static partial ulong ModelSize(SafeLlamaModelHandle model);

    [LibraryImport(Library, EntryPoint = "llama_model_has_decoder")]
    public static partial byte ModelHasDecoder(SafeLlamaModelHandle model);

    [LibraryImport(Library, EntryPoint = "llama_model_has_encoder")]
    public static partial byte ModelHasEncoder(SafeLlamaModelHandle model);

    [LibraryImport(Library, EntryPoint = "llama_model_is_recurrent")]
    public static partial byte ModelIsRecurrent(SafeLlamaModelHandle model);

    [LibraryImport(Library, EntryPoint = "llama_model_is_hybrid")]
    public static partial byte ModelIsHybrid(SafeLlamaModelHandle model);

    [LibraryImport(Library, EntryPoint = "llama_model_is_diffusion")]
    public static partial byte ModelIsDiffusion(SafeLlamaModelHandle model);

    /// <summary>The raw template text, or null; owned by the model.</summary>
    [LibraryImport(Library, EntryPoint = "llama_model_chat_template")]
    public static partial byte* ModelChatTemplate(SafeLlamaModelHandle model, byte* name);

    [LibraryImport(Library, EntryPoint = "llama_chat_apply_template")]
    public static partial int ChatApplyTemplate(byte* template, LlamaChatMessage* chat, nuint count, byte addAssistant, byte* buffer, int length);

    [LibraryImport(Library, EntryPoint = "llama_init_from_model")]
    public static partial SafeLlamaContextHandle InitFromModel(SafeLlamaModelHandle model, LlamaContextParams parameters);

    [LibraryImport(Library, EntryPoint = "llama_free")]
    public static partial void Free(nint context);
}

// libllama: what is called on a context, in the decode loop and around it.

using System.Runtime.InteropServices;

namespace InferenceGuard.Interop.Llama;

internal static unsafe partial class LlamaNative
{
    [LibraryImport(Library, EntryPoint = "llama_n_ctx")]
    public static partial uint NCtx(SafeLlamaContextHandle context);

    [LibraryImport(Library, EntryPoint = "llama_n_batch")]
    public static partial uint NBatch(SafeLlamaContextHandle context);

    [LibraryImport(Library, EntryPoint = "llama_get_memory")]
    public static partial nint GetMemory(SafeLlamaContextHandle context);

    [LibraryImport(Library, EntryPoint = "llama_set_embeddings")]
    public static partial void SetEmbeddings(SafeLlamaContextHandle context, byte embeddings);

    [LibraryImport(Library, EntryPoint = "llama_set_abort_callback")]
    public static partial void SetAbortCallback(SafeLlamaContextHandle context, delegate* unmanaged[Cdecl]<void*, byte> callback, void* data);

    /// <summary>0 done, 1 cache full, 2 aborted, −1 invalid batch, below −1 a failure inside the graph.</summary>
    [LibraryImport(Library, EntryPoint = "llama_decode")]
    public static partial int Decode(SafeLlamaContextHandle context, LlamaBatch batch);

    /// <summary>Logits of a batch row, float[V], or null; valid until the next decode.</summary>
    [LibraryImport(Library, EntryPoint = "llama_get_logits_ith")]
    public static partial float* GetLogitsIth(SafeLlamaContextHandle context, int row);

    /// <summary>Post-norm hidden state of a batch row, float[H], or null; valid until the next decode.</summary>
    [LibraryImport(Library, EntryPoint = "llama_get_embeddings_ith")]
    public static partial float* GetEmbeddingsIth(SafeLlamaContextHandle context, int row);

    /// <summary>Removes positions [p0, p1) of a sequence; −1 = open end. Sequence −1 would mean all of them.</summary>
    [LibraryImport(Library, EntryPoint = "llama_memory_seq_rm")]
    public static partial byte MemorySeqRm(nint memory, int sequence, int p0, int p1);

    /// <summary>Lets a sequence share another's cells. The target must be empty: llama.cpp merges silently otherwise.</summary>
    [LibraryImport(Library, EntryPoint = "llama_memory_seq_cp")]
    public static partial void MemorySeqCp(nint memory, int source, int target, int p0, int p1);
}

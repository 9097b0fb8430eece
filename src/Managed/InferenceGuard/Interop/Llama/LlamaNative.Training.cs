// libllama: training with llama.cpp's own optimiser (llama_opt_*).

using System.Runtime.InteropServices;

namespace InferenceGuard.Interop.Llama;

internal static unsafe partial class LlamaNative
{
    /// <summary>Prepares a context for training. It needs F32 weights that were read, not mapped, and an F32 cache.</summary>
    [LibraryImport(Library, EntryPoint = "llama_opt_init")]
    public static partial void OptInit(SafeLlamaContextHandle context, SafeLlamaModelHandle model, LlamaOptParams parameters);

    /// <summary>One pass: trains on rows [0, split) of the data set and evaluates the rest. Results and callbacks may be null.</summary>
    /// <remarks>Callback: (train, opt context, data set, result, batch, batches, start µs). No exception may leave it.</remarks>
    [LibraryImport(Library, EntryPoint = "llama_opt_epoch")]
    public static partial void OptEpoch(
        SafeLlamaContextHandle context,
        nint dataset,
        nint resultTrain,
        nint resultEval,
        long split,
        delegate* unmanaged[Cdecl]<byte, nint, nint, nint, long, long, long, void> callbackTrain,
        delegate* unmanaged[Cdecl]<byte, nint, nint, nint, long, long, long, void> callbackEval);

    /// <summary>A parameter filter that accepts every tensor.</summary>
    [LibraryImport(Library, EntryPoint = "llama_opt_param_filter_all")]
    public static partial byte OptParamFilterAll(void* tensor, void* userData);
}

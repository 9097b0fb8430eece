// Owns a llama_context and keeps its model alive.

using Microsoft.Win32.SafeHandles;

namespace InferenceGuard.Interop.Llama;

/// <summary>Owns a <c>llama_context</c>; pins the model it was made from until it is freed itself.</summary>
internal sealed class SafeLlamaContextHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    private SafeLlamaModelHandle? _model;

    public SafeLlamaContextHandle()
        : base(ownsHandle: true)
    {
    }

    /// <summary>Creates a context; check <c>IsInvalid</c>.</summary>
    /// <param name="model">The model to pin.</param>
    /// <param name="parameters">Validated parameters; llama.cpp aborts the process on some bad ones.</param>
    public static SafeLlamaContextHandle Create(SafeLlamaModelHandle model, LlamaContextParams parameters)
    {
        var context = LlamaNative.InitFromModel(model, parameters);
        if (context.IsInvalid)
            return context;
        var pinned = false;
        model.DangerousAddRef(ref pinned);
        context._model = model;
        return context;
    }

    protected override bool ReleaseHandle()
    {
        LlamaNative.Free(handle);
        _model?.DangerousRelease();
        return true;
    }
}

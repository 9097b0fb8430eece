// A context through our own binding.

namespace InferenceGuard.Interop.Llama;

/// <summary>A context through our own binding; a decode through it allocates nothing.</summary>
internal sealed unsafe class NativeLlamaContext(SafeLlamaContextHandle handle) : ILlamaContext
{
    private readonly nint _memory = LlamaNative.GetMemory(handle);

    public int CellCount { get; } = (int)LlamaNative.NCtx(handle);

    public int BatchTokens { get; } = (int)LlamaNative.NBatch(handle);

    public bool IsClosed => handle.IsClosed;

    public void Attach(AbortSwitch abort) => LlamaNative.SetAbortCallback(handle, AbortSwitch.Callback, abort.Flag);

    public void SetHiddenStates(bool on) => LlamaNative.SetEmbeddings(handle, on ? (byte)1 : (byte)0);

    public int Decode(LlamaBatchBuffer batch)
    {
        var status = LlamaNative.Decode(handle, batch.ToNative());
        GC.KeepAlive(batch);
        return status;
    }

    public ReadOnlySpan<float> Output(bool hidden, int length)
    {
        // llama.cpp puts the rows in batch order, one after another, when the first is asked for.
        var firstRow = hidden ? LlamaNative.GetEmbeddingsIth(handle, 0) : LlamaNative.GetLogitsIth(handle, 0);
        return firstRow == null ? [] : new(firstRow, length);
    }

    public void Remove(int sequence, int from) => LlamaNative.MemorySeqRm(_memory, sequence, from, -1);

    public void Copy(int source, int target, int length) => LlamaNative.MemorySeqCp(_memory, source, target, length < 0 ? -1 : 0, length);

    public void Dispose() => handle.Dispose();
}

// A context through LLamaSharp.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using InferenceGuard.Interop.Llama;
using LLama.Exceptions;
using LLama.Native;

namespace InferenceGuard.LLamaSharp;

/// <summary>A context through LLamaSharp.</summary>
internal sealed unsafe class LLamaSharpContext(SafeLLamaContextHandle handle) : ILlamaContext
{
    private readonly LLamaBatch _batch = new();

    public int CellCount { get; } = (int)handle.ContextSize;

    public int BatchTokens { get; } = (int)handle.BatchSize;

    public bool IsClosed => handle.IsClosed;

    public void Attach(AbortSwitch abort) => NativeApi.llama_set_abort_callback(handle, (nint)AbortSwitch.Callback, (nint)abort.Flag);

    public void SetHiddenStates(bool on) => handle.SetEmbeddings(on);

    public int Decode(LlamaBatchBuffer batch)
    {
        _batch.Clear();
        for (var row = 0; row < batch.Count; row++)
            _ = _batch.Add(batch.Token(row), batch.Position(row), MemoryMarshal.Cast<int, LLamaSeqId>(batch.Sequences(row)), batch.IsOutput(row));
        return (int)handle.Decode(_batch);
    }

    public ReadOnlySpan<float> Output(bool hidden, int length)
    {
        try
        {
            ref var first = ref MemoryMarshal.GetReference(hidden ? handle.GetEmbeddingsIth(0) : handle.GetLogitsIth(0));
            return Unsafe.IsNullRef(ref first) ? [] : MemoryMarshal.CreateReadOnlySpan(ref first, length);
        }
        catch (GetLogitsInvalidIndexException)
        {
            return [];
        }
    }

    public void Remove(int sequence, int from) => handle.MemorySequenceRemove((LLamaSeqId)sequence, from, -1);

    public void Copy(int source, int target, int length) => handle.MemorySequenceCopy((LLamaSeqId)source, (LLamaSeqId)target, length < 0 ? -1 : 0, length);

    public void Dispose() => handle.Dispose();
}

// What is asked of a context, whoever binds llama.cpp.

namespace InferenceGuard.Interop.Llama;

/// <summary>A context of llama.cpp. Nothing is checked here: sequence ids, positions and tokens that are out of range end the process. One caller at a time.</summary>
internal interface ILlamaContext : IDisposable
{
    /// <summary>Cells of the KV cache.</summary>
    int CellCount { get; }

    /// <summary>Most rows of a decode.</summary>
    int BatchTokens { get; }

    /// <summary>Whether it was disposed.</summary>
    bool IsClosed { get; }

    /// <summary>Makes decodes obey a switch; it must live as long as the context decodes.</summary>
    void Attach(AbortSwitch abort);

    /// <summary>With hidden states on, every row is an output.</summary>
    void SetHiddenStates(bool on);

    /// <summary>0 done, 1 cache full, 2 aborted, −1 invalid batch, below −1 a failure inside the graph.</summary>
    int Decode(LlamaBatchBuffer batch);

    /// <summary>Outputs of the last decode from its first row on, in batch order; empty where there are none. Valid until the next decode.</summary>
    /// <param name="hidden">Hidden states instead of logits.</param>
    /// <param name="length">Numbers of all rows.</param>
    ReadOnlySpan<float> Output(bool hidden, int length);

    /// <summary>Removes positions [<paramref name="from"/>, ∞) of a sequence.</summary>
    void Remove(int sequence, int from);

    /// <summary>Lets an empty sequence share the first cells of another: llama.cpp merges silently if it is not empty.</summary>
    /// <param name="source">The sequence that has them.</param>
    /// <param name="target">The empty one.</param>
    /// <param name="length">Tokens; −1 = all.</param>
    void Copy(int source, int target, int length);
}

// The sizes of a context that were checked, before a binding makes its own structure of them.

namespace InferenceGuard.Interop.Llama;

/// <summary>A context to make: one KV cache for all sequences (unified), no pooling. llama.cpp ends the process on sizes that were not checked.</summary>
/// <param name="Cells">Cells of the cache.</param>
/// <param name="BatchTokens">Most tokens of a decode call.</param>
/// <param name="PhysicalBatchTokens">Most tokens computed at once.</param>
/// <param name="Sequences">Sequence ids, 1 to 256.</param>
/// <param name="Threads">Threads of decode steps and prompts.</param>
/// <param name="Exact">Float32 cache without flash attention.</param>
internal readonly record struct LlamaContextSizes(int Cells, int BatchTokens, int PhysicalBatchTokens, int Sequences, int Threads, bool Exact);

// A sequence slot of a context's KV cache.

namespace InferenceGuard.Model;

/// <summary>A sequence slot of one context, 0 ≤ value &lt; <see cref="ILanguageContext.MaxSequences"/>.</summary>
/// <param name="Value">The slot.</param>
public readonly record struct SequenceId(int Value);

// How large a decode context is.

namespace InferenceGuard.Model;

/// <summary>How large a decode context is and what it computes.</summary>
public sealed record ContextOptions
{
    /// <summary>KV cells shared by all sequences: prompt + Σ new tokens of all live sequences.</summary>
    public required int CellCount { get; init; }

    /// <summary>Sequence slots that may be used, 1 to 256.</summary>
    public required int MaxSequences { get; init; }

    /// <summary>Most tokens one native decode call takes; longer prompts are split.</summary>
    public int BatchTokens { get; init; } = 512;

    /// <summary>Whether decode steps also yield the post-norm hidden state.</summary>
    public bool HiddenStates { get; init; }

    /// <summary>Float32 KV cache without flash attention: slower, and within 5e-6 of decoding each sequence alone.</summary>
    public bool Exact { get; init; }

    /// <summary>Ends the wait for a part of a shared cache; without effect where nothing is waited for.</summary>
    public CancellationToken Cancellation { get; init; }
}

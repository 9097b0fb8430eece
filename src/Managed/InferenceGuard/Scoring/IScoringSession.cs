// The growing answers of one search, scored block by block; slots follow the beams' KV sequences.

namespace InferenceGuard.Scoring;

/// <summary>
/// Scores growing answers. A slot holds the scorer's state for one beam; forks and drops follow the KV cache's.
/// Only new tokens are looked at. One caller at a time; a scorer that is no model of its own allocates nothing in the steady state.
/// </summary>
public interface IScoringSession : IDisposable
{
    /// <summary>Appends each row's new tokens to its slot and returns the score of each answer so far.</summary>
    /// <param name="batch">Rows of new tokens, text and log-probabilities; each slot at most once.</param>
    /// <param name="scores">Out: score of the whole answer so far per row, [batch.Count].</param>
    void Extend(ScoringBatch batch, Span<double> scores);

    /// <summary>Makes <paramref name="target"/> a copy of <paramref name="source"/>.</summary>
    /// <param name="source">The slot to copy.</param>
    /// <param name="target">The slot to overwrite.</param>
    void Fork(int source, int target);

    /// <summary>Frees what only a slot used; another is copied onto it before it is extended again.</summary>
    /// <param name="slot">The slot.</param>
    void Drop(int slot)
    {
    }
}

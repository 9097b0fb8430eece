// What a shared cache holds and has done.

namespace InferenceGuard.Model;

/// <summary>What a shared cache holds and has done since it was created.</summary>
/// <param name="CellCount">Cells there are.</param>
/// <param name="ReservedCells">Cells promised to searches that run.</param>
/// <param name="CachedCells">Cells of cached prompts.</param>
/// <param name="MaxSequences">Sequences there are.</param>
/// <param name="UsedSequences">Sequences of searches that run.</param>
/// <param name="Searches">Searches that run.</param>
/// <param name="Waiting">Searches that wait for room.</param>
/// <param name="Decodes">Native decode calls of steps.</param>
/// <param name="DecodedSteps">Steps of searches in them; more than <paramref name="Decodes"/> where steps were decoded together.</param>
/// <param name="PrefilledTokens">Prompt tokens that were computed.</param>
/// <param name="ReusedTokens">Prompt tokens that were taken from cached prompts.</param>
public readonly record struct SharedCacheUsage(
    int CellCount, int ReservedCells, int CachedCells, int MaxSequences, int UsedSequences, int Searches, int Waiting,
    long Decodes, long DecodedSteps, long PrefilledTokens, long ReusedTokens);

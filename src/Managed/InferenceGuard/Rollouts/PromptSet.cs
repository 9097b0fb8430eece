// What a prompt file held.

namespace InferenceGuard.Rollouts;

/// <summary>The prompts of a file. The same file, read in the same format, gives the same prompts with the same identities.</summary>
/// <param name="Format">The layout that was found or named, one of <see cref="PromptFile.Formats"/>.</param>
/// <param name="Entries">The prompts in the order of the file, one at least; no two with the same identity.</param>
public sealed record PromptSet(string Format, IReadOnlyList<PromptEntry> Entries)
{
    /// <summary>Bad rows that were left out.</summary>
    public int Skipped { get; init; }

    /// <summary>Where the first of them stands, and what is wrong with it; null if there was none.</summary>
    public string? FirstSkipped { get; init; }

    /// <summary>Rows that ask what an earlier row asks, and were left out.</summary>
    public int Repeated { get; init; }
}

// What cost models and reward models have in common: a number for answers that grow block by block.

namespace InferenceGuard.Scoring;

/// <summary>A scalar score of an answer to a prompt. Immutable and thread-safe; the state lies in its sessions.</summary>
public interface IScorer
{
    /// <summary>Name for reports.</summary>
    string Name { get; }

    /// <summary>Opens a session that scores many growing answers to one prompt.</summary>
    /// <param name="prompt">The user's text (all user turns, newest last, joined by newlines).</param>
    /// <param name="slots">Number of answer slots; all begin empty.</param>
    IScoringSession Open(string prompt, int slots);

    /// <summary>The same for a search that may be given up.</summary>
    /// <param name="prompt">The user's text.</param>
    /// <param name="slots">Number of answer slots.</param>
    /// <param name="cancellation">Ends what the session waits for, with an <see cref="OperationCanceledException"/>; a scorer that waits for nobody ignores it.</param>
    IScoringSession Open(string prompt, int slots, CancellationToken cancellation) => Open(prompt, slots);
}

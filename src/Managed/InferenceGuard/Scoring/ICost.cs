// A safety cost of an answer: positive is unsafe.

namespace InferenceGuard.Scoring;

/// <summary>A safety cost C(x, y): positive is unsafe, as in method.md M1. Not finite is an error, never "safe".</summary>
public interface ICost : IScorer
{
    /// <summary>Whether a longer answer never costs less. If so, a beam over budget can be dropped at once.</summary>
    bool IsMonotone { get; }

    /// <summary>
    /// Scores a whole answer afresh, without any incremental state; finite, and what a session gives for the same text: bit for bit for
    /// rules, but for the rounding of another batch for models. Verification (M9) rests on it, which is why a cost, unlike a reward, must exist for text alone.
    /// </summary>
    /// <param name="prompt">As in <see cref="IScorer.Open(string, int)"/>.</param>
    /// <param name="answer">The answer, exactly as the user would see it.</param>
    /// <param name="ended">Whether the model ended the answer itself, rather than running into the length limit.</param>
    double Score(string prompt, string answer, bool ended);

    /// <summary>The same for a search that may be given up.</summary>
    /// <param name="prompt">As in <see cref="IScorer.Open(string, int)"/>.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="ended">Whether the model ended the answer itself.</param>
    /// <param name="cancellation">As in <see cref="IScorer.Open(string, int, CancellationToken)"/>.</param>
    double Score(string prompt, string answer, bool ended, CancellationToken cancellation) => Score(prompt, answer, ended);
}

// A kind of question that an endpoint answers about texts.

namespace InferenceGuard.Scoring;

/// <summary>Asks an endpoint how unsafe answers are. Immutable and thread-safe.</summary>
internal interface IHttpJudge
{
    /// <summary>Asks about some answers to one prompt.</summary>
    /// <param name="endpoint">Where to ask.</param>
    /// <param name="prompt">As in <see cref="IScorer.Open(string, int)"/>.</param>
    /// <param name="answers">The answers; at least one.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>How unsafe each is, from 0 to 1.</returns>
    /// <exception cref="GuardException">The endpoint gave no reply, or one that says nothing of an answer.</exception>
    Task<double[]> AskAsync(HttpEndpoint endpoint, string prompt, IReadOnlyList<string> answers, CancellationToken cancellation);
}

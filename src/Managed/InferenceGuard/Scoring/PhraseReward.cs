// A task reward by phrases, read from a JSON file that users can write.

namespace InferenceGuard.Scoring;

/// <summary>A task reward as a weighted phrase model (docs/phrase-models.md).</summary>
public sealed class PhraseReward : IReward
{
    private const string Kind = "reward";

    private readonly PhraseModel _model;

    private PhraseReward(PhraseFile file) => _model = new(file);

    /// <inheritdoc />
    public string Name => _model.Name;

    /// <summary>Loads a phrase file of kind <c>reward</c>.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="GuardException">It is missing, malformed (with line and column), of another kind or holds a wrong value (with its place).</exception>
    public static PhraseReward Load(string path) => new(PhraseFile.Load(path, Kind));

    /// <summary>Reads a phrase file of kind <c>reward</c> that lies elsewhere, such as in an assembly.</summary>
    /// <param name="json">The file's bytes, read to the end; not closed.</param>
    /// <param name="source">What errors call it.</param>
    /// <exception cref="GuardException">As for <see cref="Load"/>.</exception>
    public static PhraseReward Read(Stream json, string source) => new(PhraseFile.Read(json, source, Kind));

    /// <summary>Scores a whole answer afresh; finite, and bit for bit what a session gives for the same text.</summary>
    /// <param name="prompt">The user's text, as in <see cref="Open"/>.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="ended">Whether the model ended the answer itself.</param>
    public double Score(string prompt, string answer, bool ended) => _model.Score(prompt, answer, ended);

    /// <inheritdoc />
    public IScoringSession Open(string prompt, int slots) => new PhraseSession(_model, prompt, slots);
}

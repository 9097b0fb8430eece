// A safety cost by phrases, read from a JSON file that users can write.

namespace InferenceGuard.Scoring;

/// <summary>A safety cost as a weighted phrase model (docs/phrase-models.md).</summary>
public sealed class PhraseCost : ICost
{
    private const string Kind = "cost";

    private readonly PhraseModel _model;

    private PhraseCost(PhraseFile file)
    {
        _model = new(file);
        IsMonotone = file.Rules.All(static rule => rule.Weight >= 0);
    }

    /// <inheritdoc />
    public string Name => _model.Name;

    /// <summary>Whether no weight is negative: a phrase once found stays found, so such a cost never falls again.</summary>
    public bool IsMonotone { get; }

    /// <summary>Loads a phrase file of kind <c>cost</c>.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="GuardException">It is missing, malformed (with line and column), of another kind or holds a wrong value (with its place).</exception>
    public static PhraseCost Load(string path) => new(PhraseFile.Load(path, Kind));

    /// <summary>Reads a phrase file of kind <c>cost</c> that lies elsewhere, such as in an assembly.</summary>
    /// <param name="json">The file's bytes, read to the end; not closed.</param>
    /// <param name="source">What errors call it.</param>
    /// <exception cref="GuardException">As for <see cref="Load"/>.</exception>
    public static PhraseCost Read(Stream json, string source) => new(PhraseFile.Read(json, source, Kind));

    /// <inheritdoc />
    public double Score(string prompt, string answer, bool ended) => _model.Score(prompt, answer, ended);

    /// <inheritdoc />
    public IScoringSession Open(string prompt, int slots) => new PhraseSession(_model, prompt, slots);
}

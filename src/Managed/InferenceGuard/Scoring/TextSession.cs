// Growing answers for a scorer that reads every text afresh.

namespace InferenceGuard.Scoring;

/// <summary>
/// The session of a scorer that keeps nothing of an earlier reading: the text of each slot is scored as the text it is. Equal texts of one block are scored once, and
/// a character that is not complete yet is no part of a text. Every call allocates.
/// </summary>
/// <param name="score">Scores texts that differ: the texts, and out: their scores, [texts].</param>
/// <param name="slots">Number of slots.</param>
public sealed class TextSession(Func<IReadOnlyList<string>, double[]> score, int slots) : IScoringSession
{
    private readonly GrowingText[] _texts = [.. Enumerable.Range(0, slots).Select(static _ => new GrowingText())];

    /// <inheritdoc />
    public void Extend(ScoringBatch batch, Span<double> scores)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (batch.Count == 0)
            return;
        var answers = new string[batch.Count];
        for (var row = 0; row < batch.Count; row++)
            answers[row] = _texts[batch.Slot(row)].Append(batch.Utf8(row), batch.Ended(row));
        string[] distinct = [.. answers.Distinct()];
        var found = distinct.Zip(score(distinct)).ToDictionary();
        for (var row = 0; row < answers.Length; row++)
            scores[row] = found[answers[row]];
    }

    /// <inheritdoc />
    public void Fork(int source, int target) => _texts[target].CopyFrom(_texts[source]);

    /// <inheritdoc />
    public void Dispose()
    {
    }
}

// The growing answers of a search, each asked about as the text it is.

using System.Text;

namespace InferenceGuard.Scoring;

/// <summary>Keeps the text of each slot and asks about it afresh; equal texts of one block are asked about once. Every call allocates.</summary>
internal sealed class HttpSession(HttpScorer scorer, string prompt, int slots) : IScoringSession
{
    private readonly StringBuilder[] _texts = [.. Enumerable.Range(0, slots).Select(static _ => new StringBuilder())];
    private readonly Utf8Cursor[] _cursors = new Utf8Cursor[slots];

    /// <inheritdoc />
    public void Extend(ScoringBatch batch, Span<double> scores)
    {
        var answers = new string[batch.Count];
        for (var row = 0; row < batch.Count; row++)
            answers[row] = Append(batch.Slot(row), batch.Utf8(row), batch.Ended(row));
        string[] asked = [.. answers.Distinct()];
        if (asked.Length == 0)
            return;
        var found = asked.Zip(scorer.Score(prompt, asked)).ToDictionary();
        for (var row = 0; row < answers.Length; row++)
            scores[row] = found[answers[row]];
    }

    /// <inheritdoc />
    public void Fork(int source, int target)
    {
        if (source == target)
            return;
        _ = _texts[target].Clear().Append(_texts[source]);
        _cursors[target] = _cursors[source];
    }

    /// <inheritdoc />
    public void Dispose()
    {
    }

    // An answer that ends within a character keeps its first bytes as U+FFFD, as its reader sees them; else they wait.
    private string Append(int slot, ReadOnlySpan<byte> utf8, bool ended)
    {
        while (_cursors[slot].TryRead(ref utf8, out var rune))
            _ = _texts[slot].Append(rune.ToString());
        return ended && _cursors[slot].IsWithinCharacter ? $"{_texts[slot]}\uFFFD" : _texts[slot].ToString();
    }
}

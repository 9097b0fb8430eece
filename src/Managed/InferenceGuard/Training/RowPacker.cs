// Puts documents into rows, in a new random order every epoch.

namespace InferenceGuard.Training;

/// <summary>Packs documents into rows: first fit, over documents in random order.</summary>
/// <param name="rowTokens">Tokens of a row.</param>
internal sealed class RowPacker(int rowTokens)
{
    /// <summary>Rows that still take documents; more of them waste less padding and keep the order less random.</summary>
    private const int OpenRows = 64;

    /// <summary>Rows without end: the documents again and again, each time in another order.</summary>
    /// <param name="documents">At least one; each fits a row.</param>
    /// <param name="seed">The same seed gives the same rows.</param>
    public IEnumerable<TrainingRow> Endless(IReadOnlyList<TokenizedDocument> documents, ulong seed)
    {
        var random = new SplitMix(seed);
        var shuffled = documents.ToArray();
        while (true)
        {
            random.Shuffle<TokenizedDocument>(shuffled);
            var rows = Pack(shuffled).ToArray();
            random.Shuffle<TrainingRow>(rows);
            foreach (var row in rows)
                yield return row;
        }
    }

    /// <summary>All documents once, in their order.</summary>
    public IEnumerable<TrainingRow> Pack(IEnumerable<TokenizedDocument> documents)
    {
        var open = new List<TrainingRow>();
        foreach (var document in documents)
        {
            if (open.Any(row => row.TryAdd(document)))
                continue;
            if (open.Count == OpenRows)
            {
                var fullest = open.MaxBy(static row => row.UsedTokens)!;
                open.Remove(fullest);
                yield return fullest;
            }

            var next = new TrainingRow(rowTokens);
            if (!next.TryAdd(document))
                throw new ArgumentException($"A document of {document.Tokens.Length} tokens does not fit a row of {rowTokens}.", nameof(documents));
            open.Add(next);
        }

        foreach (var row in open)
            yield return row;
    }
}

// A row of tokens that documents share without seeing each other.

using InferenceGuard.Interop.Llama;

namespace InferenceGuard.Training;

/// <summary>Documents side by side in one row of a training step; the rest of the row is padding.</summary>
internal sealed class TrainingRow(int capacityTokens)
{
    /// <summary>A target that does not count.</summary>
    public const int NoTarget = -1;

    private readonly List<TokenizedDocument> _documents = [];

    /// <summary>Tokens in use.</summary>
    public int UsedTokens { get; private set; }

    /// <summary>Adds a document if it fits. Its last token is a target only and takes no room.</summary>
    public bool TryAdd(TokenizedDocument document)
    {
        if (UsedTokens + document.InputTokens > capacityTokens)
            return false;
        _documents.Add(document);
        UsedTokens += document.InputTokens;
        return true;
    }

    /// <summary>Writes the row's tokens, positions, mask and targets.</summary>
    /// <param name="session">The session whose inputs are filled.</param>
    /// <param name="row">Which row of the step.</param>
    /// <param name="targets">Targets of the whole step.</param>
    /// <param name="answersOnly">Whether what documents give as context is no target.</param>
    public void Fill(LlamaTrainingSession session, int row, Span<int> targets, bool answersOnly)
    {
        var first = row * capacityTokens;
        var tokens = session.Tokens.Slice(first, capacityTokens);
        var positions = session.Positions.Slice(first, capacityTokens);
        var attention = session.Attention.Slice(first * capacityTokens, capacityTokens * capacityTokens);
        targets = targets.Slice(first, capacityTokens);
        attention.Fill(float.NegativeInfinity);

        var at = 0;
        foreach (var document in _documents)
        {
            for (var i = 0; i < document.InputTokens; i++, at++)
            {
                tokens[at] = document.Tokens[i];
                positions[at] = i;
                targets[at] = answersOnly && i + 1 < document.ContextTokens ? NoTarget : document.Tokens[i + 1];
                attention.Slice(at * capacityTokens + at - i, i + 1).Clear();
            }
        }

        for (; at < capacityTokens; at++)
        {
            tokens[at] = GgufVocabulary.EndOfTextId;
            positions[at] = 0;
            targets[at] = NoTarget;
            attention[at * capacityTokens + at] = 0;
        }
    }
}

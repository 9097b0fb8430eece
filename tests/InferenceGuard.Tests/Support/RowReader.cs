// Reads back which documents a training row holds.

using InferenceGuard.Interop.Llama;
using InferenceGuard.Training;

namespace InferenceGuard.Tests.Support;

/// <summary>A training session of one row, used only for the inputs that a row writes.</summary>
internal sealed class RowReader(int rowTokens, int vocabularySize) : IDisposable
{
    public LlamaTrainingSession Session { get; } = new(
        new LlamaTrainingShape
        {
            VocabularySize = vocabularySize, Width = 4, Layers = 1, Heads = 1, FeedForward = 4, TiedOutput = true,
            NormEpsilon = 1e-5f, RopeBase = 10_000, RowTokens = rowTokens, Rows = 1,
        },
        threads: 1);

    /// <summary>The targets that the row writes.</summary>
    public int[] Targets(TrainingRow row, bool answersOnly = false)
    {
        var targets = new int[rowTokens];
        row.Fill(Session, 0, targets, answersOnly);
        return targets;
    }

    /// <summary>The tokens of each document, in the row's order.</summary>
    public List<int[]> Documents(TrainingRow row)
    {
        var targets = Targets(row);
        var documents = new List<int[]>();
        for (int start = 0, end; start < rowTokens && targets[start] != TrainingRow.NoTarget; start = end)
        {
            for (end = start + 1; end < rowTokens && Session.Positions[end] > 0; end++)
            {
            }

            documents.Add([.. Session.Tokens[start..end], targets[end - 1]]);
        }

        return documents;
    }

    public void Dispose() => Session.Dispose();
}

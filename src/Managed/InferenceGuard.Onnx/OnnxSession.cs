// The growing answers of a search, each scored as the text it is.

using System.Buffers;
using System.Text;
using InferenceGuard.Scoring;

namespace InferenceGuard.Onnx;

/// <summary>
/// Keeps the text of each slot and scores it afresh: an encoder reads both ways, so that nothing of an earlier score can be used again.
/// Tokenizers and ONNX Runtime allocate at every call.
/// </summary>
internal sealed class OnnxSession(OnnxScorer scorer, IReadOnlyList<int> prompt, int slots) : IScoringSession
{
    private readonly ArrayBufferWriter<byte>[] _texts = [.. Enumerable.Range(0, slots).Select(static _ => new ArrayBufferWriter<byte>())];

    /// <inheritdoc />
    public void Extend(ScoringBatch batch, Span<double> scores)
    {
        var answers = new string[batch.Count];
        for (var row = 0; row < batch.Count; row++)
        {
            var text = _texts[batch.Slot(row)];
            text.Write(batch.Utf8(row));
            answers[row] = Encoding.UTF8.GetString(batch.Ended(row) ? text.WrittenSpan : Complete(text.WrittenSpan));
        }
        if (answers.Length > 0)
            scorer.Score(prompt, answers, scores);
    }

    /// <inheritdoc />
    public void Fork(int source, int target)
    {
        if (source == target)
            return;
        _texts[target].ResetWrittenCount();
        _texts[target].Write(_texts[source].WrittenSpan);
    }

    /// <inheritdoc />
    public void Dispose()
    {
    }

    // Without the first bytes of a character that is still to come; an answer that ends within one keeps them, as its reader sees U+FFFD.
    private static ReadOnlySpan<byte> Complete(ReadOnlySpan<byte> utf8)
    {
        const int LongestBytes = 4;
        for (var tail = 1; tail < LongestBytes && tail <= utf8.Length; tail++)
            if (Rune.DecodeFromUtf8(utf8[^tail..], out _, out _) == OperationStatus.NeedMoreData)
                return utf8[..^tail];
        return utf8;
    }
}

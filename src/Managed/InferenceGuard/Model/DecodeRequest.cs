// What one search wants to have decoded together with others', and what came of it.

namespace InferenceGuard.Model;

/// <summary>Rows of one search for a shared decode. Reused from step to step; the buffers grow to the widest step.</summary>
internal sealed class DecodeRequest(int maxSequences)
{
    private readonly DecodeBatch _batch = new(maxSequences, maxSequences);
    private float[] _logits = [];
    private float[] _hidden = [];
    private int _logitCount;
    private int _hiddenCount;

    /// <summary>Rows of (token, sequences of the cache).</summary>
    public DecodeBatch Batch => _batch;

    /// <summary>Copies of sequences onto others, or of nothing, to be made before the rows are decoded.</summary>
    public List<(int? Source, int Target)> Moves { get; } = [];

    /// <summary>Whether it was decoded, or failed.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Why it failed; null if it did not.</summary>
    public Exception? Error { get; private set; }

    /// <summary>float32[rows, V] of the last decode.</summary>
    public ReadOnlySpan<float> Logits => _logits.AsSpan(0, _logitCount);

    /// <summary>float32[rows, H] of the last decode.</summary>
    public ReadOnlySpan<float> Hidden => _hidden.AsSpan(0, _hiddenCount);

    /// <summary>Takes over the rows of a search, in the cache's sequences.</summary>
    public void Fill(DecodeBatch rows, Func<SequenceId, int> sequence)
    {
        (IsDone, Error) = (false, null);
        Forget();
        _batch.Clear();
        for (var row = 0; row < rows.Count; row++)
        {
            var shared = rows.Sequences(row);
            _ = _batch.Add(rows.Token(row), new(sequence(shared[0])));
            foreach (var other in shared[1..])
                _batch.Share(new(sequence(other)));
        }
    }

    /// <summary>Forgets the outputs of the last decode.</summary>
    public void Forget() => (_logitCount, _hiddenCount) = (0, 0);

    /// <summary>Takes over the outputs of its rows.</summary>
    public void Finish(ReadOnlySpan<float> logits, ReadOnlySpan<float> hidden)
    {
        _logitCount = Copy(logits, ref _logits);
        _hiddenCount = Copy(hidden, ref _hidden);
        IsDone = true;
    }

    /// <summary>Notes a failure.</summary>
    public void Fail(Exception error) => (Error, IsDone) = (error, true);

    private static int Copy(ReadOnlySpan<float> source, ref float[] target)
    {
        if (target.Length < source.Length)
            target = new float[source.Length];
        source.CopyTo(target);
        return source.Length;
    }
}

// A model that reads conversations for a scorer, and what makes a number of its output.

using InferenceGuard.Model;

namespace InferenceGuard.Scoring;

/// <summary>A model that reads laid out conversations, and what makes a score of its output at the last token.</summary>
internal sealed class Trunk(ModelLease lease, ScoringTemplate template, bool readsHidden, Func<ReadOnlySpan<float>, double> read) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly LlamaCppModel _model = lease.Model;
    private LlamaCppContext? _whole;

    /// <summary>The model.</summary>
    public LlamaCppModel Model => _model;

    /// <summary>How a conversation is laid out.</summary>
    public ScoringTemplate Template => template;

    /// <summary>Numbers at a token: H, or V where logits are read.</summary>
    public int OutputWidth => readsHidden ? _model.Info.HiddenWidth : _model.Info.VocabularySize;

    /// <summary>The score of an output.</summary>
    public double Read(ReadOnlySpan<float> output) => read(output) is var score && double.IsFinite(score)
        ? score
        : throw new GuardException(GuardFault.Generation, $"{_model.Info.Path} scored {read(output)}; a score must be finite. The generation was stopped rather than continued unguarded.");

    /// <summary>Opens a cache for growing answers.</summary>
    public LlamaCppContext Open(int cells, int sequences) => (LlamaCppContext)_model.CreateContext(new()
    {
        CellCount = cells, MaxSequences = sequences, HiddenStates = readsHidden,
    });

    /// <summary>Scores a whole text afresh.</summary>
    public double Score(string prompt, string answer)
    {
        var tokens = template.Render(prompt, answer);
        var (batch, output) = (new AppendBatch(), new float[OutputWidth]);
        batch.Add(new(0), tokens);
        lock (_lock)
        {
            if (_whole is null || _whole.CellCapacity < tokens.Length)
            {
                _whole?.Dispose();
                _whole = Open(2 * tokens.Length, 1);
            }
            _whole.Truncate(new(0), 0);
            _whole.Append(batch, output);
        }
        return Read(output);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _whole?.Dispose();
        lease.Dispose();
    }
}

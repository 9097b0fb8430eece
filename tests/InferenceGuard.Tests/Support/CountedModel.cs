// A model that counts what is decoded with it.

using InferenceGuard.Model;

namespace InferenceGuard.Tests.Support;

/// <summary>Passes everything on to a model, and counts the rows of its decodes. The model is not disposed.</summary>
internal sealed class CountedModel(ILanguageModel model) : ILanguageModel
{
    /// <summary>Rows decoded so far, prompts' prefills aside.</summary>
    public long DecodedRows { get; private set; }

    public ModelInfo Info => model.Info;

    public Vocabulary Vocabulary => model.Vocabulary;

    public ChatTemplate ChatTemplate => model.ChatTemplate;

    public ILanguageContext CreateContext(ContextOptions options) => new CountedContext(this, model.CreateContext(options));

    public void Dispose()
    {
    }

    private sealed class CountedContext(CountedModel model, ILanguageContext context) : ILanguageContext
    {
        public int CellCapacity => context.CellCapacity;

        public int MaxSequences => context.MaxSequences;

        public int MaxBatchRows => context.MaxBatchRows;

        public ReadOnlySpan<float> Logits => context.Logits;

        public ReadOnlySpan<float> Hidden => context.Hidden;

        public void Prefill(SequenceId sequence, ReadOnlySpan<TokenId> tokens, CancellationToken cancellation) => context.Prefill(sequence, tokens, cancellation);

        public void Decode(DecodeBatch batch, CancellationToken cancellation)
        {
            model.DecodedRows += batch.Count;
            context.Decode(batch, cancellation);
        }

        public void Fork(SequenceId source, SequenceId target) => context.Fork(source, target);

        public void Drop(SequenceId sequence) => context.Drop(sequence);

        public int Length(SequenceId sequence) => context.Length(sequence);

        public void Dispose() => context.Dispose();
    }
}

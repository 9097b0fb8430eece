// A real model that may say a handful of tokens only, so that everything it can answer can be enumerated.

using InferenceGuard.Model;

namespace InferenceGuard.Tests.Support;

/// <summary>
/// A model whose logits are −∞ but for a few tokens; what is left keeps the model's own proportions. Latents are the model's, untouched.
/// Its contexts are exact ones, so that batched decodes agree with the enumeration to 5e-6.
/// </summary>
/// <param name="model">The model; disposed with this.</param>
/// <param name="allowed">The tokens that stay.</param>
internal sealed class RestrictedModel(ILanguageModel model, params TokenId[] allowed) : ILanguageModel
{
    public ModelInfo Info => model.Info;

    public Vocabulary Vocabulary => model.Vocabulary;

    public ChatTemplate ChatTemplate => model.ChatTemplate;

    public ILanguageContext CreateContext(ContextOptions options) => new Context(this, model.CreateContext(options with { Exact = true }));

    public void Dispose() => model.Dispose();

    private sealed class Context(RestrictedModel owner, ILanguageContext context) : ILanguageContext
    {
        private float[] _logits = [];

        public int CellCapacity => context.CellCapacity;

        public int MaxSequences => context.MaxSequences;

        public int MaxBatchRows => context.MaxBatchRows;

        public ReadOnlySpan<float> Logits => _logits;

        public ReadOnlySpan<float> Hidden => context.Hidden;

        public void Prefill(SequenceId sequence, ReadOnlySpan<TokenId> tokens, CancellationToken cancellation) => context.Prefill(sequence, tokens, cancellation);

        public void Decode(DecodeBatch batch, CancellationToken cancellation)
        {
            context.Decode(batch, cancellation);
            var width = owner.Info.VocabularySize;
            _logits = new float[batch.Count * width];
            Array.Fill(_logits, float.NegativeInfinity);
            for (var row = 0; row < batch.Count; row++)
                foreach (var token in owner.Allowed)
                    _logits[row * width + token.Value] = context.Logits[row * width + token.Value];
        }

        public void Fork(SequenceId source, SequenceId target) => context.Fork(source, target);

        public void Drop(SequenceId sequence) => context.Drop(sequence);

        public int Length(SequenceId sequence) => context.Length(sequence);

        public void Dispose() => context.Dispose();
    }

    private TokenId[] Allowed => allowed;
}

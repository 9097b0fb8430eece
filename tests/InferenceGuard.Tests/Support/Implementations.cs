// Everything in this build that fills a seam: what the contract tests run on.

using InferenceGuard.Model;

namespace InferenceGuard.Tests.Support;

/// <summary>Everything in this build that fills a seam.</summary>
internal static class Implementations
{
    /// <summary>Who binds llama.cpp in this build; a process can have one only.</summary>
    public static LlamaEngine Engine { get; } = InferenceGuard.App.Engines.Llama;

    /// <summary>Language models: by themselves, and as parts of a shared cache.</summary>
    public static IEnumerable<ModelImplementation> Models { get; } =
    [
        new("llama.cpp", Load),
        new("shared", static () => new OwningSharedModel(Load())),
    ];

    private static LlamaCppModel Load() => LlamaCppModel.Load(TinyModel.SpmPath, TinyModel.OneThread);

    /// <summary>A shared cache that owns its model.</summary>
    private sealed class OwningSharedModel(LlamaCppModel model) : ILanguageModel
    {
        private readonly SharedLanguageModel _shared =
            new(model, new() { CellCount = 16384, MaxSequences = 64, CachedPrompts = 4, CachedCells = 1024, HiddenStates = true, Exact = true });

        public ModelInfo Info => _shared.Info;

        public Vocabulary Vocabulary => _shared.Vocabulary;

        public ChatTemplate ChatTemplate => _shared.ChatTemplate;

        public ILanguageContext CreateContext(ContextOptions options) => _shared.CreateContext(options);

        public void Dispose()
        {
            _shared.Dispose();
            model.Dispose();
        }
    }
}

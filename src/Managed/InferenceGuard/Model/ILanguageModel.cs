// The seam between the search and whatever runs the model.

namespace InferenceGuard.Model;

/// <summary>A frozen language model. Thread-safe; contexts made from it are not.</summary>
public interface ILanguageModel : IDisposable
{
    /// <summary>Facts from the model's metadata.</summary>
    ModelInfo Info { get; }

    /// <summary>The model's vocabulary and tokenizer.</summary>
    Vocabulary Vocabulary { get; }

    /// <summary>The model's chat template, or a plain one where it has none.</summary>
    ChatTemplate ChatTemplate { get; }

    /// <summary>Whether contexts are parts of a cache that others wait for, to be given back after each answer.</summary>
    bool SharesCache => false;

    /// <summary>Creates a context. The model stays alive until every context made from it is disposed.</summary>
    /// <param name="options">Sizes; checked against what the native library accepts.</param>
    /// <exception cref="GuardException">The sizes are out of range or memory is short.</exception>
    ILanguageContext CreateContext(ContextOptions options);
}

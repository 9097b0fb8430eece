// A GGUF model run by llama.cpp.

using InferenceGuard.Interop.Llama;

namespace InferenceGuard.Model;

/// <summary>A GGUF model run by llama.cpp. One model serves several contexts; its weights live until the last of them is disposed.</summary>
public sealed class LlamaCppModel : ILanguageModel
{
    private readonly ILlamaModel _native;
    private readonly ModelOptions _options;
    private readonly int _threads;

    private LlamaCppModel(ILlamaModel native, GgufFile file, ModelOptions options)
    {
        _native = native;
        _options = options;
        _threads = PhysicalCores.Threads(options.Threads);
        File = file;
        var vocabulary = new LlamaCppVocabulary(native);
        Vocabulary = vocabulary;
        ChatTemplate = LlamaCppChatTemplate.Create(native, vocabulary);
        Info = LlamaCppModelInfo.Read(file, native, options.VocabularyOnly);
    }

    /// <inheritdoc />
    public ModelInfo Info { get; }

    /// <inheritdoc />
    public Vocabulary Vocabulary { get; }

    /// <inheritdoc />
    public ChatTemplate ChatTemplate { get; }

    /// <summary>The header of the file it was loaded from.</summary>
    public GgufFile File { get; }

    /// <summary>Decode threads in use.</summary>
    public int Threads => _threads;

    /// <summary>Loads a GGUF file. Its header is checked first: some faults would make llama.cpp end the process.</summary>
    /// <param name="path">The file; of a split model, the first part.</param>
    /// <param name="options">How to load it; null = defaults.</param>
    /// <exception cref="GuardException">The file is missing, broken, hostile or unsupported, or llama.cpp cannot be loaded.</exception>
    public static LlamaCppModel Load(string path, ModelOptions? options = null)
    {
        options ??= new ModelOptions();
        _ = PhysicalCores.Threads(options.Threads);
        var file = GgufFile.Read(path);
        GgufRules.Check(file, options.VocabularyOnly);
        var native = LlamaEngine.Current.LoadModel(path, options) ?? throw new GuardException(
            GuardFault.Environment,
            $"llama.cpp cannot load {path}: {LlamaLog.Cause()}. Give a complete GGUF of an architecture that this llama.cpp knows.");
        try
        {
            return new LlamaCppModel(native, file, options);
        }
        catch
        {
            native.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public ILanguageContext CreateContext(ContextOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (_options.VocabularyOnly)
            throw new GuardException(GuardFault.Usage, $"{Info.Path} was loaded for its vocabulary only; load it again without VocabularyOnly.");
        if (!_native.IsDecoder)
            throw new GuardException(GuardFault.Environment, $"{Info.Path} ({Info.Architecture}) does not generate text token by token; give a decoder-only model.");
        // Their state has no per-token cells: a row cannot be shared and a cancelled step cannot be taken back.
        if (_native.IsRecurrent)
            throw new GuardException(GuardFault.Environment, $"{Info.Path} ({Info.Architecture}) is recurrent, so its sequences cannot share cells; give an attention-only model.");
        return new LlamaCppContext(_native, Info, _threads, options);
    }

    /// <inheritdoc />
    public void Dispose() => _native.Dispose();
}

// Who binds llama.cpp: the seam below the model, its vocabulary and its contexts.

using InferenceGuard.Interop.Llama;

namespace InferenceGuard.Model;

/// <summary>
/// A binding to llama.cpp. All checks, errors and rules of disposal are above it, in <see cref="LlamaCppModel"/> and what comes of it, and so are the same for every engine.
/// To use another than <see cref="Own"/>, give it as <see cref="ModelOptions.Engine"/>.
/// </summary>
public abstract class LlamaEngine
{
    // Engines are parts of this library and of the projects beside it.
    internal LlamaEngine()
    {
    }

    /// <summary>The library's own binding, to the llama.cpp that comes with it or that <c>INFERENCEGUARD_LLAMA_DIR</c> names.</summary>
    public static LlamaEngine Own { get; } = new LlamaCppEngine();

    /// <summary>What it is, for people.</summary>
    public abstract string Name { get; }

    /// <summary>Loads llama.cpp (once per process; loading a model does it too) and describes what was loaded.</summary>
    /// <exception cref="GuardException">Libraries are missing, of another version, or have no backend for this processor.</exception>
    public abstract LlamaBuild Describe();

    /// <summary>Receives every line that llama.cpp logs, of whichever engine, with its level: 1 debug, 2 info, 3 warning, 4 error.</summary>
    /// <param name="listener">Called on the thread that called llama.cpp; exceptions it throws are lost. Null for silence.</param>
    public static void ListenToLog(Action<int, string>? listener) => LlamaLog.Listener = listener;

    /// <inheritdoc />
    public sealed override string ToString() => Name;

    /// <summary>Loads a file whose header was checked; null where llama.cpp cannot, with the reason in <see cref="LlamaLog"/>.</summary>
    /// <exception cref="GuardException">As for <see cref="Describe"/>.</exception>
    internal abstract ILlamaModel? LoadModel(string path, ModelOptions options);
}

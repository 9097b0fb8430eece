// Who binds llama.cpp: the seam below the model, its vocabulary and its contexts.

using System.Runtime.InteropServices;
using InferenceGuard.Interop.Llama;

namespace InferenceGuard.Model;

/// <summary>
/// A binding to llama.cpp. All checks, errors and rules of disposal are above it, in <see cref="LlamaCppModel"/> and what comes of it, and so are the same for every engine.
/// </summary>
public abstract unsafe class LlamaEngine
{
    // Engines are parts of this library and of the projects beside it.
    internal LlamaEngine()
    {
    }

    /// <summary>The library's own binding, to the llama.cpp that comes with it or that <c>INFERENCEGUARD_LLAMA_DIR</c> names.</summary>
    public static LlamaEngine Own { get; } = new LlamaCppEngine();

    /// <summary>The engine of models that are loaded from now on. A process can hold one llama.cpp only: once it was loaded, another engine's models are refused.</summary>
    public static LlamaEngine Current { get; set; } = Own;

    /// <summary>What it is, for people.</summary>
    public abstract string Name { get; }

    /// <summary>Loads llama.cpp (once per process; loading a model does it too) and describes what was loaded.</summary>
    /// <exception cref="GuardException">Libraries are missing, of another version, have no backend for this processor, or another engine's were loaded before.</exception>
    public abstract LlamaBuild Describe();

    /// <summary>Receives every line that llama.cpp logs, of whichever engine, with its level: 1 debug, 2 info, 3 warning, 4 error.</summary>
    /// <param name="listener">Called on the thread that called llama.cpp; exceptions it throws are lost. Null for silence.</param>
    public static void ListenToLog(Action<int, string>? listener) => LlamaLog.Listener = listener;

    /// <summary>Loads llama.cpp, once per process.</summary>
    /// <exception cref="GuardException">As for <see cref="Describe"/>.</exception>
    internal abstract void Load();

    /// <summary>Loads a file whose header was checked; null where llama.cpp cannot, with the reason in <see cref="LlamaLog"/>.</summary>
    /// <exception cref="GuardException">As for <see cref="Describe"/>.</exception>
    internal abstract ILlamaModel? LoadModel(string path, ModelOptions options);

    /// <summary>The compute devices of the llama.cpp that was loaded, as <c>name: description</c>.</summary>
    private protected static List<string> Devices()
    {
        var devices = new List<string>();
        for (nuint i = 0; i < GgmlNative.BackendDevCount(); i++)
        {
            var device = GgmlNative.BackendDevGet(i);
            devices.Add($"{Text(GgmlNative.BackendDevName(device))}: {Text(GgmlNative.BackendDevDescription(device))}");
        }
        return devices;
    }

    /// <summary>The version of the ggml that was loaded.</summary>
    private protected static string GgmlVersion() => Text(GgmlNative.Version());

    private static string Text(byte* utf8) => Marshal.PtrToStringUTF8((nint)utf8) ?? "";
}

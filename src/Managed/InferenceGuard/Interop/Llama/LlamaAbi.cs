// Checks that a llama.cpp library has the structures this binding was written for, before any is passed by value.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace InferenceGuard.Interop.Llama;

/// <summary>
/// The guard against another llama.cpp ABI. A structure that is smaller here than there would be overrun on the stack
/// without any error, so sizes and documented default values are compared first. Uses function pointers, not imports.
/// </summary>
internal static unsafe class LlamaAbi
{
    private const string Needed = "llama.cpp v0.5 (v0.4 has the same structures)";
    private const int ProbeSizeBytes = 1024;

    /// <summary>Where any structure returned by value fits, whatever its size; the library chooses how much it writes.</summary>
    [InlineArray(ProbeSizeBytes)]
    private struct Probe
    {
        private byte _first;
    }

    /// <summary>Checks version, structure sizes and default values.</summary>
    /// <param name="library">Handle of the loaded libllama.</param>
    /// <param name="file">Its path, for the message.</param>
    /// <returns>The library's version, such as <c>0.5.0-dev</c>.</returns>
    /// <exception cref="GuardException">Another ABI; says which build was found and which is needed.</exception>
    public static string Check(nint library, string file)
    {
        if (!NativeLibrary.TryGetExport(library, "llama_version", out var versionOf))
            throw Refuse(file, "it exports no llama_version");
        var version = Marshal.PtrToStringUTF8(((delegate* unmanaged[Cdecl]<nint>)versionOf)()) ?? "";
        if (!version.StartsWith("0.5.", StringComparison.Ordinal) && !version.StartsWith("0.4.", StringComparison.Ordinal))
            throw Refuse(file, $"its version is {version}");

        var model = Defaults(library, "llama_model_default_params", file, version, sizeof(LlamaModelParams) - 2);
        var context = Defaults(library, "llama_context_default_params", file, version, sizeof(LlamaContextParams));
        var modelParams = Unsafe.As<Probe, LlamaModelParams>(ref model);
        var contextParams = Unsafe.As<Probe, LlamaContextParams>(ref context);
        if (modelParams is not { NGpuLayers: -1, SplitMode: 1, LoadMode: LlamaLoadMode.Auto, LazyMode: 1, UseExtraBufts: 1, VocabOnly: 0 })
            throw Refuse(file, $"version {version} has other llama_model_params");
        if (contextParams is not
            {
                NCtx: 512, NBatch: 2048, NUbatch: 512, NSeqMax: 1, NOutputsMaxPerSeq: 1, PoolingType: -1, FlashAttnType: -1,
                TypeK: GgmlType.F16, TypeV: GgmlType.F16, DefragThold: -1, OffloadKqv: 1, SwaFull: 1, KvUnified: 0, NSamplers: 0,
            })
            throw Refuse(file, $"version {version} has other llama_context_params");
        return version;
    }

    /// <summary>How much a function writes that returns a structure by value; 0 where the calling convention does not tell.</summary>
    /// <param name="library">Handle of the loaded libllama.</param>
    /// <param name="export">A default-params function.</param>
    public static int WrittenBytes(nint library, string export) =>
        RuntimeInformation.ProcessArchitecture == Architecture.X64 ? Measure(NativeLibrary.GetExport(library, export), out _) : 0;

    /// <summary>Calls a default-params function and, where the calling convention allows, measures how much it writes.</summary>
    private static Probe Defaults(nint library, string export, string file, string version, int expectedSizeBytes)
    {
        if (!NativeLibrary.TryGetExport(library, export, out var function))
            throw Refuse(file, $"version {version} exports no {export}");

        // x64: the hidden pointer to the result is the first argument, so the memory can be filled beforehand.
        // arm64 passes it in a register of its own; there only the values are compared.
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
            return ((delegate* unmanaged[Cdecl]<Probe>)function)();

        var written = Measure(function, out var probe);
        return written == expectedSizeBytes
            ? probe
            : throw Refuse(file, $"version {version} writes {written} bytes in {export}, not {expectedSizeBytes}");
    }

    private static int Measure(nint function, out Probe probe)
    {
        probe = default;
        var written = 0;
        foreach (var fill in (ReadOnlySpan<byte>)[0xCC, 0x33])
        {
            Span<byte> bytes = probe;
            bytes.Fill(fill);
            fixed (byte* start = bytes)
                ((delegate* unmanaged[Cdecl]<byte*, byte*>)function)(start);
            written = Math.Max(written, bytes.LastIndexOfAnyExcept(fill) + 1);
        }
        return written;
    }

    private static GuardException Refuse(string file, string found) =>
        new(GuardFault.Environment, $"{file} is another build of llama.cpp: {found}. Needed: {Needed}; set {LlamaLibraries.FolderVariable} to a folder with it.");
}

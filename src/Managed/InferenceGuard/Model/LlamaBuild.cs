// What is known of the llama.cpp build that was loaded.

namespace InferenceGuard.Model;

/// <summary>The llama.cpp build in use.</summary>
/// <param name="Folder">The folder its libraries came from.</param>
/// <param name="Version">The version of libllama, such as <c>0.5.0-dev</c>.</param>
/// <param name="GgmlVersion">The version of ggml, such as <c>0.25.1</c>.</param>
/// <param name="GpuOffload">Whether the build can keep layers on a GPU.</param>
/// <param name="Devices">Compute devices it found, as <c>name: description</c>; the CPU's with the variant of ggml chosen for it.</param>
public sealed record LlamaBuild(string Folder, string Version, string GgmlVersion, bool GpuOffload, IReadOnlyList<string> Devices);

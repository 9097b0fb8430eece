// A CUDA library that was looked for.

namespace InferenceGuard.Interop.Cuda;

/// <summary>A CUDA library that was looked for.</summary>
/// <param name="Path">The file, or the name that the operating system's loader found; null if there is none.</param>
/// <param name="Handle">Its handle, or 0.</param>
/// <param name="Problem">Why it cannot be used, or null.</param>
internal readonly record struct CudaLibrary(string? Path, nint Handle, string? Problem);

// A CUDA library that was looked for.

using System.Globalization;

namespace InferenceGuard.Interop.Cuda;

/// <summary>A CUDA library that was looked for.</summary>
/// <param name="Path">The file, or the name that the operating system's loader found; null if there is none.</param>
/// <param name="Handle">Its handle, or 0.</param>
/// <param name="Problem">Why it cannot be used, or null.</param>
internal readonly record struct CudaLibrary(string? Path, nint Handle, string? Problem)
{
    /// <summary>Tells the file from others of its name and from its own earlier builds; for the kernels' cache.</summary>
    public string Identity
    {
        get
        {
            if (!System.IO.Path.IsPathFullyQualified(Path ?? ""))
                return Path ?? "";
            // The time of a link is not that of the library.
            var file = (FileInfo?)File.ResolveLinkTarget(Path!, returnFinalTarget: true) ?? new(Path!);
            return file.Exists ? string.Create(CultureInfo.InvariantCulture, $"{file.FullName}, {file.Length} bytes of {file.LastWriteTimeUtc:O}") : Path!;
        }
    }
}

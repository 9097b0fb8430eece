// Finds the folder with llama.cpp's libraries and the file behind each logical name.

using System.Runtime.InteropServices;

namespace InferenceGuard.Interop.Llama;

/// <summary>A folder with llama.cpp's libraries. File names vary by build: <c>libllama.so</c>, <c>libllama.v0.5.0.so</c>, <c>libllama.cuda.v0.5.0.so</c>.</summary>
internal sealed class LlamaLibraries
{
    /// <summary>The environment variable that overrides the folder beside the app.</summary>
    public const string FolderVariable = "INFERENCEGUARD_LLAMA_DIR";

    private const string Needed = "llama.cpp v0.5 (libllama, libggml and libggml-base)";

    private static readonly string[] LogicalNames = [LlamaNative.Library, GgmlNative.Registry, GgmlNative.Base];

    private readonly Dictionary<string, string> _files;
    private readonly string _needed;

    private LlamaLibraries(string folder, Dictionary<string, string> files, string needed)
    {
        Folder = folder;
        (_files, _needed) = (files, needed);
    }

    /// <summary>Absolute path of the folder.</summary>
    public string Folder { get; }

    /// <summary>The file of a logical name, or null when the name is not llama.cpp's.</summary>
    /// <param name="logicalName">Such as <c>ggml-base</c>.</param>
    public string? File(string logicalName) => _files.GetValueOrDefault(logicalName);

    /// <summary>Finds the libraries.</summary>
    /// <param name="requested">The value of <see cref="FolderVariable"/>; it is used alone when set.</param>
    /// <param name="appFolder">The folder of the app, which holds <c>llama/</c>.</param>
    /// <param name="needed">Which llama.cpp is wanted, for people.</param>
    /// <exception cref="GuardException">No folder holds all three libraries; says which were looked into.</exception>
    public static LlamaLibraries Find(string? requested, string appFolder, string needed = Needed)
    {
        var asked = !string.IsNullOrEmpty(requested);
        var folder = Path.GetFullPath(asked ? requested! : Path.Combine(appFolder, "llama"));
        var remedy = asked
            ? $"Set {FolderVariable} to a folder with {needed}, or unset it to use the build's own."
            : $"Build the app with npm installed, or set {FolderVariable} to a folder with {needed}.";
        if (!Directory.Exists(folder))
            throw new GuardException(GuardFault.Environment, $"The llama.cpp folder {folder} does not exist. {remedy}");

        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in LogicalNames)
        {
            files[name] = FileOf(folder, name) ?? throw new GuardException(
                GuardFault.Environment,
                $"No {Prefix}{name}{Extension} or {Prefix}{name}.*{Extension} in {folder}. {remedy}");
        }

        return new LlamaLibraries(folder, files, needed);
    }

    private static string Prefix => OperatingSystem.IsWindows() ? "" : "lib";

    private static string Extension => OperatingSystem.IsWindows() ? ".dll" : OperatingSystem.IsMacOS() ? ".dylib" : ".so";

    /// <summary>The plain name, else the highest versioned one.</summary>
    private static string? FileOf(string folder, string name)
    {
        var plain = Path.Combine(folder, Prefix + name + Extension);
        return System.IO.File.Exists(plain)
            ? plain
            : Directory.EnumerateFiles(folder, $"{Prefix}{name}.*{Extension}").Max(StringComparer.Ordinal);
    }

    /// <summary>Loads the library behind a logical name; for <see cref="NativeResolver"/>.</summary>
    /// <param name="logicalName">Such as <c>llama</c>.</param>
    /// <exception cref="GuardException">The file is there and cannot be loaded.</exception>
    public nint Load(string logicalName)
    {
        if (File(logicalName) is not { } file)
            return 0;
        try
        {
            return NativeLibrary.Load(file);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            var platform = $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}";
            throw new GuardException(
                GuardFault.Environment,
                $"{file} cannot be loaded on {platform}; {_needed} for this platform is needed. {FirstLine(e.Message)}",
                e);
        }
    }

    private static string FirstLine(string text) => text.AsSpan().TrimStart().ToString().Split('\n')[0].TrimEnd();
}

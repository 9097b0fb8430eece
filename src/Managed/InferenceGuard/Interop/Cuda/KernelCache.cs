// Compiled kernels on disk, so that a card's first start is the only slow one.

using System.Security.Cryptography;
using System.Text;

namespace InferenceGuard.Interop.Cuda;

/// <summary>Compiled kernels in the user's cache folder. A folder that cannot be written only means compiling every time.</summary>
internal static class KernelCache
{
    /// <summary>The environment variable that names another folder.</summary>
    public const string FolderVariable = "INFERENCEGUARD_CACHE_DIR";

    /// <summary>The folder.</summary>
    public static string Folder => Path.Combine(Root(), "kernels");

    /// <summary>The file of a compiled kernel.</summary>
    /// <param name="parts">All that decides what the compiler makes: source, options, its version and file.</param>
    public static string PathOf(params ReadOnlySpan<string> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
        {
            hash.AppendData(BitConverter.GetBytes(part.Length));
            hash.AppendData(Encoding.UTF8.GetBytes(part));
        }
        return Path.Combine(Folder, $"{Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16))}.bin");
    }

    /// <summary>Reads a compiled kernel, or null.</summary>
    public static byte[]? Read(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllBytes(path) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Keeps a compiled kernel; another process never sees half of it.</summary>
    public static void Write(string path, byte[] image)
    {
        var part = $"{path}.{Guid.NewGuid():N}";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(part, image);
            File.Move(part, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next start compiles again.
        }
    }

    private static string Root()
    {
        if (Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } asked)
            return Path.GetFullPath(asked);
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg && Path.IsPathRooted(xdg)
            ? xdg
            : OperatingSystem.IsWindows()
                ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(cache, "inferenceguard");
    }
}

// Compiled kernels on disk, so that a card's first start is the only slow one.

using System.Security.Cryptography;
using System.Text;

namespace InferenceGuard.Interop.Cuda;

/// <summary>
/// Compiled kernels in a folder: each file is the SHA-256 of an image and the image, and appears whole or not at all. A folder that cannot
/// be written only means compiling every time, and so does a file that is damaged.
/// </summary>
/// <param name="folder">The folder; null keeps nothing.</param>
internal sealed class KernelCache(string? folder)
{
    /// <summary>The environment variable that names another folder.</summary>
    public const string FolderVariable = "INFERENCEGUARD_CACHE_DIR";

    /// <summary>The cache of this user.</summary>
    public static KernelCache OfUser() => new(Root() is { } root ? Path.Combine(root, "kernels") : null);

    /// <summary>The key of a compiled kernel.</summary>
    /// <param name="parts">All that decides what the compiler makes: source, options, card, its version and file.</param>
    public static string Key(params ReadOnlySpan<string> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
        {
            // The length before each part keeps parts apart.
            hash.AppendData(BitConverter.GetBytes(part.Length));
            hash.AppendData(Encoding.UTF8.GetBytes(part));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }

    /// <summary>Reads a compiled kernel; null if there is none, or it is damaged.</summary>
    public byte[]? Read(string key)
    {
        if (FileOf(key) is not { } file)
            return null;
        try
        {
            var content = File.Exists(file) ? File.ReadAllBytes(file) : [];
            var image = content[Math.Min(content.Length, SHA256.HashSizeInBytes)..];
            return content.AsSpan(0, content.Length - image.Length).SequenceEqual(SHA256.HashData(image)) ? image : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Keeps a compiled kernel, if the folder can be written; another process never sees half of it.</summary>
    public void Write(string key, ReadOnlySpan<byte> image)
    {
        if (FileOf(key) is not { } file)
            return;
        var part = $"{file}.{Guid.NewGuid():N}";
        try
        {
            Directory.CreateDirectory(folder!);
            File.WriteAllBytes(part, [.. SHA256.HashData(image), .. image]);
            File.Move(part, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next start compiles again.
            Delete(part);
        }
    }

    private static void Delete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Where nothing can be deleted, nothing was written.
        }
    }

    private string? FileOf(string key) => folder is null ? null : Path.Combine(folder, $"{key}.bin");

    // A user without a home, such as a service's, has no cache: a relative path would be a folder anywhere.
    private static string? Root()
    {
        if (Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } asked)
            return Path.GetFullPath(asked);
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg && Path.IsPathRooted(xdg)
            ? xdg
            : OperatingSystem.IsWindows()
                ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.IsPathRooted(cache) ? Path.Combine(cache, "inferenceguard") : null;
    }
}

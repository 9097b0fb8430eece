// Tells a scorer from others of its name: what its files hold.

using System.Security.Cryptography;
using System.Text;
using InferenceGuard.Model;

namespace InferenceGuard.App.Cli.Evaluation;

/// <summary>The identity of a scorer in a manifest: its name, and a hash of the files that its specification names.</summary>
internal static class ScorerIdentity
{
    private const int ShownDigits = 16;

    /// <summary>Such as <c>hearth-cost (5f0c…)</c>; the name alone where nothing comes from files.</summary>
    /// <param name="name">The scorer's name.</param>
    /// <param name="specs">Its specifications, or files.</param>
    /// <exception cref="GuardException">A file cannot be read.</exception>
    public static string Of(string name, IEnumerable<string> specs)
    {
        var files = specs.SelectMany(Files).ToArray();
        if (files.Length == 0)
            return name;
        var hashes = string.Join('\n', files.Select(HashOf));
        return $"{name} ({Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(hashes)))[..ShownDigits]})";
    }

    // A file, or files and folders among the parts of a specification: SCHEME:FILE,option=FILE.
    private static IEnumerable<string> Files(string spec)
    {
        var argument = File.Exists(spec) ? spec : spec[(spec.IndexOf(':', StringComparison.Ordinal) + 1)..];
        string[] parts = File.Exists(argument) || Directory.Exists(argument) ? [argument] : argument.Split([',', '=']);
        foreach (var part in parts)
            if (File.Exists(part))
                yield return part;
            else if (part.Length > 0 && Directory.Exists(part))
                foreach (var file in Directory.EnumerateFiles(part, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
                    yield return file;
    }

    // A model of gigabytes has an identity that is quicker to read.
    private static string HashOf(string file)
    {
        if (Path.GetExtension(file) == ".gguf")
            return ModelFingerprint.Of(file);
        try
        {
            using var stream = File.OpenRead(file);
            return Convert.ToHexStringLower(SHA256.HashData(stream));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GuardException(GuardFault.Environment, $"The scorer's file '{file}' cannot be read: {e.Message}", e);
        }
    }
}

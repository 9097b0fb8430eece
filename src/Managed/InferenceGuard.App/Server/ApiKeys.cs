// The keys that callers must show.

using System.Security.Cryptography;
using System.Text;

namespace InferenceGuard.App.Server;

/// <summary>The keys that callers must show. Only their hashes are kept, and comparing takes as long whatever is shown.</summary>
internal sealed class ApiKeys(IReadOnlyList<string> keys)
{
    private const string Scheme = "Bearer ";

    private readonly byte[][] _hashes = [.. keys.Select(Hash)];

    /// <summary>Whether a key is asked for.</summary>
    public bool AreNeeded => _hashes.Length > 0;

    /// <summary>Reads keys from a file, one per line; blank lines and lines that begin with # are skipped.</summary>
    /// <exception cref="GuardException">The file cannot be read, or a key is too short.</exception>
    public static IReadOnlyList<string> Read(string path)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new GuardException(GuardFault.Usage, $"The API keys '{path}' cannot be read: {e.Message.TrimEnd('.')}. Give a file with a key on each line.", e);
        }
        var keys = lines.Select(static line => line.Trim()).Where(static line => line.Length > 0 && line[0] != '#').ToArray();
        if (keys.Length == 0)
            throw new GuardException(GuardFault.Usage, $"The API keys '{path}' hold no key; write one on each line.");
        if (keys.Any(static key => key.Length < 16))
            throw new GuardException(GuardFault.Usage, $"A key in '{path}' has fewer than 16 characters and could be guessed; make one with: openssl rand -hex 24.");
        return keys;
    }

    /// <summary>Who shows a key, as a name that does not give it away; null if it is none of these.</summary>
    /// <param name="authorization">The header's value.</param>
    public string? Caller(string? authorization)
    {
        if (authorization is null || !authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return null;
        var shown = Hash(authorization[Scheme.Length..].Trim());
        var found = -1;
        for (var key = 0; key < _hashes.Length; key++)
            if (CryptographicOperations.FixedTimeEquals(shown, _hashes[key]))
                found = key;
        return found < 0 ? null : $"key {found + 1}";
    }

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}

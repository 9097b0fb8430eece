// The key that an endpoint wants, which goes there and nowhere else.

using System.Text.RegularExpressions;

namespace InferenceGuard.Scoring;

/// <summary>A key from an environment variable.</summary>
internal sealed partial class HttpKey
{
    private const string DefaultVariable = "OPENAI_API_KEY", DefaultHost = "api.openai.com";
    private const int ShortestSecret = 6; // "1" is none, and stands everywhere.

    private readonly string[] _hidden;

    private HttpKey(string variable, string? value, HttpUrl url)
    {
        (Variable, Value) = (variable, value);
        var query = url.Address.Query.TrimStart('?').Split('&').Select(static pair => pair[(pair.IndexOf('=', StringComparison.Ordinal) + 1)..]);
        _hidden = [.. value is null ? [] : new[] { value }, .. query.SelectMany(static given => new[] { given, Uri.UnescapeDataString(given) }).Where(static given => given.Length >= ShortestSecret)];
    }

    /// <summary>The environment variable.</summary>
    public string Variable { get; }

    /// <summary>The key; null if none is sent.</summary>
    public string? Value { get; }

    /// <summary>
    /// Finds the key that a specification asks for: in the variable it names, or else, for OpenAI's own host, in OPENAI_API_KEY if that is set: nobody else is shown it
    /// unasked. An empty name asks for none.
    /// </summary>
    /// <param name="url">The endpoint; its query may hold secrets, too.</param>
    /// <param name="argument">The specification.</param>
    /// <exception cref="GuardException">The variable is not set, or what it holds is no key.</exception>
    public static HttpKey Find(HttpUrl url, ScorerArgument argument)
    {
        var named = argument.One("key-env");
        var variable = named ?? (url.Address.Host == DefaultHost ? DefaultVariable : "");
        // What is no name may be the key itself, and is not repeated.
        if (variable != "" && !VariableName().IsMatch(variable))
            throw argument.Error("key-env is no name of an environment variable; the key itself does not belong into the command line");
        var value = variable == "" ? null : Environment.GetEnvironmentVariable(variable)?.Trim();
        if (string.IsNullOrEmpty(value))
            return named is null or "" ? new(variable, null, url) : throw argument.Error("the environment variable that key-env names is not set; set it to the key, or give key-env= to send none");
        return value.All(static at => at is > ' ' and <= '~')
            ? new(variable, value, url)
            : throw argument.Error($"what {variable} holds is no key: it has a space or a character beyond ASCII");
    }

    /// <summary>A text without the key and the values of the URL's query, as an endpoint may repeat them.</summary>
    /// <param name="text">The text.</param>
    public string Hide(string text) => _hidden.Aggregate(text, static (left, secret) => left.Replace(secret, "…", StringComparison.Ordinal));

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]*$")]
    private static partial Regex VariableName();
}

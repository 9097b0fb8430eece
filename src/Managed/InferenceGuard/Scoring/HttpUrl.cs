// The URL of an endpoint, and how much of it others may read.

namespace InferenceGuard.Scoring;

/// <summary>An absolute http or https URL. As a string it is without its query, which may hold a secret.</summary>
internal sealed class HttpUrl
{
    private HttpUrl(Uri address) => Address = address;

    /// <summary>All of it.</summary>
    public Uri Address { get; }

    /// <summary>Whether others on the way could read what is sent.</summary>
    public bool IsClearText => Address.Scheme == Uri.UriSchemeHttp && !Address.IsLoopback;

    /// <summary>Reads the URL of a specification: all of <c>https://…</c>, or what follows <c>http:</c>.</summary>
    /// <param name="argument">The specification.</param>
    /// <exception cref="GuardException">It is none, or it holds a password.</exception>
    public static HttpUrl Parse(ScorerArgument argument)
    {
        var text = argument.Subject.StartsWith("//", StringComparison.Ordinal) ? $"{argument.Scheme}:{argument.Subject}" : argument.Subject;
        // What is no URL may still hold a password, and is not repeated.
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps))
            throw new GuardException(GuardFault.Usage, $"What follows {argument.Scheme}: is no URL of a scorer; expected one such as http:https://HOST/v1/moderations, http://localhost:8080/v1/chat/completions or https://HOST/v1/moderations.");
        var url = new HttpUrl(address);
        return address.UserInfo.Length == 0
            ? url
            : throw new GuardException(GuardFault.Usage, $"{url}: the URL holds a user name, which would not be sent; put the key into an environment variable and name it with key-env=NAME.");
    }

    /// <summary>Whether the path ends with this.</summary>
    /// <param name="path">The end of a path.</param>
    public bool EndsWith(string path) => Address.AbsolutePath.TrimEnd('/').EndsWith(path, StringComparison.Ordinal);

    /// <summary>Scheme, host, port and path.</summary>
    public override string ToString() => Address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
}

// Sends the questions of a scorer to its endpoint, with patience, and makes every failure an error.

using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace InferenceGuard.Scoring;

/// <summary>
/// One URL that takes JSON and gives JSON. Thread-safe. Redirects and cookies are not followed; tries are repeated where another may help, and what still fails
/// is a <see cref="GuardException"/> that names the URL without its query, and never the key.
/// </summary>
internal sealed class HttpEndpoint : IDisposable
{
    private const int MaxReplyBytes = 4 << 20;
    private const double DefaultSeconds = 10;
    private const double MostSeconds = 3600;
    private const double DefaultRetries = 2;
    private const double MostRetries = 10;
    private const double FirstPauseMs = 250;

    private readonly HttpClient _client;
    private readonly HttpUrl _url;
    private readonly HttpKey _key;
    private readonly TimeSpan _timeout;
    private readonly int _retries;

    private HttpEndpoint(HttpUrl url, HttpKey key, TimeSpan timeout, int retries)
    {
        (_url, _key, _timeout, _retries) = (url, key, timeout, retries);
        // What is meant for this machine does not go through a proxy.
        _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = !url.Address.IsLoopback, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
        {
            Timeout = Timeout.InfiniteTimeSpan, // Each try has its own.
            MaxResponseContentBufferSize = MaxReplyBytes,
        };
    }

    /// <summary>Makes an endpoint of a URL and the options about its key and patience.</summary>
    /// <param name="url">The URL.</param>
    /// <param name="argument">The specification.</param>
    /// <exception cref="GuardException">An option is wrong, there is no key, or it would be sent in clear text.</exception>
    public static HttpEndpoint Open(HttpUrl url, ScorerArgument argument)
    {
        var (seconds, retries) = (argument.Number("timeout", DefaultSeconds), argument.Number("retries", DefaultRetries));
        if (seconds is not (> 0 and <= MostSeconds))
            throw argument.Error($"timeout is {seconds}; it must be more than 0 and at most {MostSeconds} seconds");
        if (retries is not (>= 0 and <= MostRetries) || retries != Math.Floor(retries))
            throw argument.Error($"retries is {retries}; it must be a whole number from 0 to {MostRetries}");
        var mayBeRead = argument.Word("insecure", "yes", "no") == "yes";
        var key = HttpKey.Find(url, argument);
        return key.Value is null || !url.IsClearText || mayBeRead
            ? new(url, key, TimeSpan.FromSeconds(seconds), (int)retries)
            : throw argument.Error($"the key in {key.Variable} would be sent in clear text to another machine; use https, key-env= to send none, or insecure=yes");
    }

    /// <summary>Asks once, or more often where a try fails in passing.</summary>
    /// <param name="write">Writes what the question's object holds.</param>
    /// <param name="read">Reads the reply; errors are about the place they are at.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="GuardException">There is no reply that can be read.</exception>
    public async Task<T> AskAsync<T>(Action<Utf8JsonWriter> write, Func<JsonPlace, T> read, CancellationToken cancellation)
    {
        var question = Question(write);
        for (var tries = 1; ; tries++)
        {
            var (reply, failure) = await TryAsync(question, cancellation).ConfigureAwait(false);
            if (failure is null)
                return Read(reply, read);
            if (!failure.MayPass || tries > _retries)
                throw new GuardException(GuardFault.Generation, $"The endpoint {_url} {failure.What}{(tries > 1 ? $", at the last of {tries} tries" : "")}. Without a score nothing can be called safe.", failure.Cause);
            await Task.Delay(failure.Pause ?? Pause(tries), cancellation).ConfigureAwait(false);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _client.Dispose();

    private static byte[] Question(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }
        return stream.ToArray();
    }

    private async Task<(string Reply, HttpFailure? Failure)> TryAsync(byte[] question, CancellationToken cancellation)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timer.CancelAfter(_timeout);
        using var request = new HttpRequestMessage(HttpMethod.Post, _url.Address) { Content = new ByteArrayContent(question) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.Accept.Add(new("application/json"));
        if (_key.Value is { } key)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        try
        {
            using var response = await _client.SendAsync(request, timer.Token).ConfigureAwait(false);
            var reply = Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync(timer.Token).ConfigureAwait(false));
            return response.IsSuccessStatusCode ? (reply, null) : ("", HttpFailure.Of(response, reply, _key, _timeout));
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            return ("", new($"gave no whole reply within {_timeout.TotalSeconds} seconds; give timeout=SECONDS if it needs longer", MayPass: true, Cause: e));
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            return ("", new($"sent a reply of more than {MaxReplyBytes >> 20} MB, which is no list of scores", MayPass: false, Cause: e));
        }
        catch (HttpRequestException e)
        {
            return ("", new($"could not be asked ({_key.Hide(e.GetBaseException().Message).ReplaceLineEndings(" ").TrimEnd('.')}); see that it runs and that the URL is right",
                MayPass: e.HttpRequestError != HttpRequestError.SecureConnectionError, Cause: e));
        }
    }

    private T Read<T>(string reply, Func<JsonPlace, T> read)
    {
        try
        {
            using var json = JsonDocument.Parse(reply, new() { AllowDuplicateProperties = false });
            return read(new(json.RootElement, $"The reply of {_url}", "") { Fault = GuardFault.Generation, Hide = _key.Hide });
        }
        // Its message may quote the reply; InvalidOperationException is a text of broken characters.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new GuardException(GuardFault.Generation, $"The reply of {_url} is no JSON that can be read: \"{HttpFailure.Excerpt(reply, _key)}\". Without a score nothing can be called safe.");
        }
    }

    // Twice as long each time, and never the same for two who failed together.
    private TimeSpan Pause(int tries) =>
        TimeSpan.FromMilliseconds(Math.Min(_timeout.TotalMilliseconds, FirstPauseMs * Math.Pow(2, tries - 1) * (0.5 + Random.Shared.NextDouble())));
}

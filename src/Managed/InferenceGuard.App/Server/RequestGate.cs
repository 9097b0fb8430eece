// What every request passes: the key, the rate limit, headers, failures in OpenAI's shape, one line of log.

using System.Diagnostics;
using System.Globalization;
using System.Threading.RateLimiting;

namespace InferenceGuard.App.Server;

/// <summary>What every request passes on its way in and out.</summary>
internal sealed class RequestGate(ServerOptions options, ServerMetrics metrics, TimeProvider clock, Action<string> log)
{
    private const string Caller = "caller", Failure = "failure";

    private readonly ApiKeys _keys = new(options.Keys);

    private readonly PartitionedRateLimiter<string> _rates = PartitionedRateLimiter.Create<string, string>(caller => RateLimitPartition.GetTokenBucketLimiter(caller, _ => new()
    {
        TokenLimit = Math.Max(1, options.RateLimit), TokensPerPeriod = Math.Max(1, options.RateLimit), ReplenishmentPeriod = TimeSpan.FromMinutes(1),
    }));

    /// <summary>Who sent a request, as the log names them: a key's number, or an address.</summary>
    public static string CallerOf(HttpContext http) => (string)http.Items[Caller]!;

    /// <summary>Notes what a response that has begun has failed of, for the log.</summary>
    public static void Failed(HttpContext http, Exception cause) => http.Items[Failure] = cause;

    /// <summary>Lets a request pass, or answers it.</summary>
    public async Task Pass(HttpContext http, RequestDelegate next)
    {
        var begin = clock.GetTimestamp();
        SetHeaders(http.Response.Headers, http.Request.Path);
        try
        {
            http.Items[Caller] = Admit(http);
            await next(http);
            // What routing refuses by itself has no body.
            if (!http.Response.HasStarted && http.Response.StatusCode >= StatusCodes.Status400BadRequest)
                await ApiException.OfRouting(http.Response.StatusCode, options.HasPage).Write(http);
            if (http.Items[Failure] is Exception cause)
                Tell(ApiException.Of(cause), cause);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // A stream that has begun keeps the status that it began with.
            if (!http.Response.HasStarted)
                http.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
        }
        catch (Exception e)
        {
            await Fail(http, ApiException.Of(e), e);
        }
        var endpoint = (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "other";
        metrics.Request(endpoint, http.Response.StatusCode);
        // The pattern, not the path: a path can hold what a client typed.
        log(string.Create(CultureInfo.InvariantCulture, $"{http.Request.Method} {endpoint} {http.Response.StatusCode} {clock.GetElapsedTime(begin).TotalMilliseconds:0} ms {http.Items[Caller] ?? "unknown"}"));
    }

    private string Admit(HttpContext http)
    {
        var address = http.Connection.RemoteIpAddress?.ToString() ?? "unknown";
        if (!http.Request.Path.StartsWithSegments("/v1") && !http.Request.Path.StartsWithSegments("/metrics"))
            return address;
        var caller = _keys.AreNeeded ? _keys.Caller(http.Request.Headers.Authorization) ?? throw ApiException.Unauthorized() : address;
        if (options.RateLimit == 0 || HttpMethods.IsGet(http.Request.Method))
            return caller;
        using var lease = _rates.AttemptAcquire(caller);
        return lease.IsAcquired ? caller : throw ApiException.TooFast(lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.FromMinutes(1));
    }

    private async Task Fail(HttpContext http, ApiException failure, Exception cause)
    {
        Tell(failure, cause);
        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }
        await failure.Write(http);
    }

    private void Tell(ApiException failure, Exception cause)
    {
        if (failure.Status >= StatusCodes.Status500InternalServerError)
            log($"failed: {cause.GetType().Name}: {(options.LogsTexts ? cause.Message : cause is GuardException ? Unquoted(cause.Message) : "")} {(cause is GuardException ? "" : new StackTrace(cause))}".Trim());
    }

    // What an endpoint said is quoted in messages, and can hold the texts that it was asked about.
    private static string Unquoted(string message) =>
        message.IndexOf('"', StringComparison.Ordinal) is >= 0 and var first ? $"{message[..first]}\"…\"{message[(message.LastIndexOf('"') + 1)..]}" : message;

    private static void SetHeaders(IHeaderDictionary headers, PathString path)
    {
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        // The reference of the API brings a script that writes styles and asks for nothing beyond this server.
        headers.ContentSecurityPolicy = path.StartsWithSegments("/docs")
            ? "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; frame-ancestors 'none'"
            : "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
    }
}

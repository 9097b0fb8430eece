// A failure that a client is told in OpenAI's shape.

using System.Globalization;

namespace InferenceGuard.App.Server;

/// <summary>A failure that a client is told in OpenAI's shape.</summary>
/// <param name="status">HTTP status.</param>
/// <param name="type">OpenAI's kind of error.</param>
/// <param name="message">What was given, what is expected, what to do.</param>
/// <param name="parameter">The field of the request that is to blame.</param>
/// <param name="code">OpenAI's code.</param>
internal sealed class ApiException(int status, string type, string message, string? parameter = null, string? code = null) : Exception(message)
{
    private const string Invalid = "invalid_request_error";

    /// <summary>HTTP status.</summary>
    public int Status => status;

    /// <summary>When to try again; null = not at all.</summary>
    public TimeSpan? RetryAfter { get; private init; }

    /// <summary>What is sent.</summary>
    public ErrorResponse Response => new(new(Message, type, parameter, code));

    public static ApiException BadRequest(string message, string? parameter = null) => new(StatusCodes.Status400BadRequest, Invalid, message, parameter);

    public static ApiException NotFound(string message, string? parameter = null, string? code = null) => new(StatusCodes.Status404NotFound, Invalid, message, parameter, code);

    public static ApiException Unauthorized() => new(
        StatusCodes.Status401Unauthorized, Invalid, "The API key is missing or wrong; send one as Authorization: Bearer KEY.", code: "invalid_api_key");

    public static ApiException Busy(TimeSpan retryAfter) => new(
        StatusCodes.Status429TooManyRequests, "rate_limit_error", string.Create(CultureInfo.InvariantCulture, $"All places are taken; try again in {retryAfter.TotalSeconds:0} s."), code: "queue_full")
    { RetryAfter = retryAfter };

    public static ApiException TooFast(TimeSpan retryAfter) => new(
        StatusCodes.Status429TooManyRequests, "rate_limit_error", string.Create(CultureInfo.InvariantCulture, $"Too many requests in this minute; try again in {retryAfter.TotalSeconds:0} s."), code: "rate_limit_exceeded")
    { RetryAfter = retryAfter };

    public static ApiException ShuttingDown() => new(StatusCodes.Status503ServiceUnavailable, "server_error", "The server is shutting down.", code: "shutting_down");

    /// <summary>A failure of the search. What it says may hold paths, so only faults of the request are told.</summary>
    public static ApiException Of(Exception error) => error switch
    {
        ApiException api => api,
        GuardException { Fault: GuardFault.Usage } guard => BadRequest(guard.Message),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => new(StatusCodes.Status413PayloadTooLarge, Invalid, "The request body is too large for this server."),
        BadHttpRequestException bad => new(bad.StatusCode, Invalid, "The request is malformed."),
        _ => new(StatusCodes.Status500InternalServerError, "server_error", "The generation failed, and no text of it is shown; the server's log says why.", code: "generation_failed"),
    };

    /// <summary>What no endpoint takes.</summary>
    /// <param name="status">The status that it was refused with.</param>
    /// <param name="hasPage">Whether there is a page.</param>
    public static ApiException OfRouting(int status, bool hasPage) => new(status, Invalid, status switch
    {
        StatusCodes.Status404NotFound => $"There is nothing at this path; {(hasPage ? "" : "the page needs --ui, and ")}/docs shows what there is.",
        StatusCodes.Status405MethodNotAllowed => "This path does not take this method; /docs shows which it takes.",
        StatusCodes.Status415UnsupportedMediaType => "The body must be sent as Content-Type: application/json.",
        _ => "The request is malformed.",
    });

    /// <summary>Writes it as a response.</summary>
    public Task Write(HttpContext http)
    {
        http.Response.StatusCode = Status;
        if (RetryAfter is { } after)
            http.Response.Headers.RetryAfter = Math.Ceiling(after.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        if (Status == StatusCodes.Status401Unauthorized)
            http.Response.Headers.WWWAuthenticate = "Bearer";
        return http.Response.WriteAsJsonAsync(Response, ServerJson.Default.ErrorResponse);
    }
}

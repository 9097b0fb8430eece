// Reads JSON that a client sent.

using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace InferenceGuard.App.Server;

/// <summary>Reads JSON that a client sent.</summary>
internal static class RequestBody
{
    /// <summary>Reads a body.</summary>
    /// <exception cref="ApiException">It is not JSON of this shape.</exception>
    public static async Task<T> Read<T>(HttpContext http, JsonTypeInfo<T> type)
    {
        // Another type would let a page elsewhere send it without asking first.
        if (!http.Request.HasJsonContentType())
            throw new ApiException(StatusCodes.Status415UnsupportedMediaType, "invalid_request_error", "The body must be sent as Content-Type: application/json.");
        try
        {
            return await JsonSerializer.DeserializeAsync(http.Request.Body, type, http.RequestAborted) ?? throw ApiException.BadRequest("The body is null; give an object in braces.");
        }
        catch (JsonException e)
        {
            throw ApiException.BadRequest($"The body is not what is expected{(e.Path is { Length: > 1 } path ? $" at {path}" : "")}: {Reason(e)}.");
        }
    }

    // The serializer appends its own path and position, and names types of ours.
    private static string Reason(JsonException e) =>
        e.Message.Contains("could not be converted", StringComparison.Ordinal) ? "a value of another type"
        : e.Message.Contains("could not be mapped", StringComparison.Ordinal) ? "an unknown field"
        : e.Message.Split(" Path:")[0].Split(" LineNumber:")[0].TrimEnd('.');
}

// An error in OpenAI's shape.

namespace InferenceGuard.App.Server;

/// <summary>An error in OpenAI's shape.</summary>
internal sealed record ErrorResponse(ErrorResponse.Detail Error)
{
    /// <summary>What is wrong.</summary>
    internal sealed record Detail(string Message, string Type, string? Param, string? Code);
}

// Whether the server is alive, and ready.

namespace InferenceGuard.App.Server;

/// <summary>Whether the server is alive, and ready.</summary>
internal sealed record HealthResponse(string Status, string Model, int Running, int Waiting);

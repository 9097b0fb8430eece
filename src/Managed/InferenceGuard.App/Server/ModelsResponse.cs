// What /v1/models answers.

namespace InferenceGuard.App.Server;

/// <summary>The models that are served: one.</summary>
internal sealed record ModelsResponse(string Object, IReadOnlyList<ModelsResponse.Entry> Data)
{
    /// <summary>A model; what stands after <paramref name="OwnedBy"/> is ours.</summary>
    internal sealed record Entry(string Id, string Object, long Created, string OwnedBy, string Architecture, string Quantization, int ContextTokens, string Cost, string Reward, double Budget);
}

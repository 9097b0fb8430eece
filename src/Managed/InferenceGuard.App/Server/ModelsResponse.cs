// What /v1/models answers.

namespace InferenceGuard.App.Server;

/// <summary>The models that are served: one.</summary>
internal sealed record ModelsResponse(string Object, IReadOnlyList<ModelsResponse.Entry> Data)
{
    /// <summary>A model; what stands after <paramref name="OwnedBy"/> is ours.</summary>
    internal sealed record Entry(string Id, string Object, long Created, string OwnedBy, string Architecture, string Quantization, int ContextTokens, string Cost, string Reward, double Budget, Knobs Options);

    /// <summary>What a request has that asks for nothing else, and the loosest that it may ask for; the temperature may be anything up to 2.</summary>
    internal sealed record Knobs(int Beams, int Keep, int BlockTokens, int Retries, int MaxTokens, double Temperature, ulong Seed);
}

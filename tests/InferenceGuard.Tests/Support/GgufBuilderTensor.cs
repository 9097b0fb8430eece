// A tensor of a GGUF file that a test writes.

namespace InferenceGuard.Tests.Support;

/// <summary>A tensor; values are written as float32 whatever the announced type.</summary>
public sealed record GgufBuilderTensor(string Name, ulong[] Shape, float[] Values)
{
    public uint Type { get; init; }

    /// <summary>Announced offset; null = the true one.</summary>
    public ulong? OffsetBytes { get; init; }
}

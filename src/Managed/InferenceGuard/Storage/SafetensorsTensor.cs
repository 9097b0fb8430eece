// One entry of a safetensors file.

namespace InferenceGuard.Storage;

/// <summary>A tensor of a safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Element type as in the file: <c>F32</c>, <c>F16</c>, <c>I32</c> …</param>
/// <param name="Shape">Elements per dimension, the contiguous one last.</param>
/// <param name="OffsetBytes">Where its data begin in the file.</param>
/// <param name="SizeBytes">Bytes of its data.</param>
public sealed record SafetensorsTensor(string Name, string Type, IReadOnlyList<long> Shape, long OffsetBytes, long SizeBytes)
{
    /// <summary>Product of the shape.</summary>
    public long ElementCount => Shape.Aggregate(1L, static (product, length) => checked(product * length));
}

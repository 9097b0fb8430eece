// One entry of a GGUF file's tensor table.

namespace InferenceGuard.Model;

/// <summary>A tensor of a GGUF file.</summary>
/// <param name="Name">Such as <c>blk.0.attn_q.weight</c>.</param>
/// <param name="Shape">Elements per dimension, the contiguous one first; 1 to 4 dimensions.</param>
/// <param name="Type">Element format.</param>
/// <param name="OffsetBytes">Where its data begin, from <see cref="GgufFile.DataOffsetBytes"/>.</param>
/// <param name="ElementCount">Product of the shape.</param>
/// <param name="SizeBytes">Bytes of its data; 0 where the format is unknown.</param>
public sealed record GgufTensor(
    string Name, IReadOnlyList<long> Shape, GgufTensorType Type, long OffsetBytes, long ElementCount, long SizeBytes);

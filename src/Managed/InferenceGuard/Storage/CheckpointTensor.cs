// One tensor of a checkpoint's folder.

namespace InferenceGuard.Storage;

/// <summary>One tensor of a checkpoint's folder.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Element type: <c>F32</c>, <c>BF16</c>, <c>I64</c> …</param>
/// <param name="Shape">Elements per dimension.</param>
/// <param name="File">The file of the folder that holds it.</param>
public sealed record CheckpointTensor(string Name, string Type, IReadOnlyList<long> Shape, string File)
{
    /// <summary>Name, shape, type and file, for people.</summary>
    public override string ToString() => $"{Name} [{string.Join(", ", Shape)}] {Type} in {File}";
}

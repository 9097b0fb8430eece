// The data behind one or more tensors of a PyTorch file.

namespace InferenceGuard.Storage;

/// <summary>The data behind one or more tensors of a PyTorch file.</summary>
/// <param name="Key">Its name in the archive, below <c>data/</c>.</param>
/// <param name="Type">Type of its elements, as safetensors calls it.</param>
/// <param name="ElementCount">How many there are.</param>
internal sealed record TorchStorage(string Key, string Type, long ElementCount);

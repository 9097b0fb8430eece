// What is known of a loaded model without running it.

namespace InferenceGuard.Model;

/// <summary>Facts of a loaded model, read from its GGUF metadata.</summary>
public sealed record ModelInfo
{
    /// <summary>The file it was loaded from.</summary>
    public required string Path { get; init; }

    /// <summary>GGUF <c>general.architecture</c>, such as <c>llama</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>GGUF <c>general.name</c>, or the file name where absent.</summary>
    public required string Name { get; init; }

    /// <summary>Number of weights.</summary>
    public required long ParameterCount { get; init; }

    /// <summary>Size of all tensors in bytes.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>Weight format, such as <c>Q4_0</c> or <c>F16</c>.</summary>
    public required string Quantization { get; init; }

    /// <summary>Vocabulary size V.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Hidden width H.</summary>
    public required int HiddenWidth { get; init; }

    /// <summary>Number of transformer blocks.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Longest sequence the model was trained for, in tokens.</summary>
    public required int TrainedContextTokens { get; init; }

    /// <summary>Bytes one KV cell takes at F16, over all layers; 0 where unknown.</summary>
    public required long CellSizeBytes { get; init; }
}

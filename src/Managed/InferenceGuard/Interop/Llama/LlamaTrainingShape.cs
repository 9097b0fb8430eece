// The sizes of a training graph.

namespace InferenceGuard.Interop.Llama;

/// <summary>The sizes of a training graph: a llama network and the batch it is stepped on.</summary>
internal sealed record LlamaTrainingShape
{
    /// <summary>The most layers whose gradients fit the graphs of ggml's optimiser, 2048 nodes; it ends the process on more (measured).</summary>
    public const int MaxLayers = 15;

    /// <summary>Vocabulary size V.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Hidden width H.</summary>
    public required int Width { get; init; }

    /// <summary>1 to <see cref="MaxLayers"/>.</summary>
    public required int Layers { get; init; }

    public required int Heads { get; init; }

    public required int FeedForward { get; init; }

    /// <summary>Whether the output matrix is the token embedding.</summary>
    public required bool TiedOutput { get; init; }

    public required float NormEpsilon { get; init; }

    public required float RopeBase { get; init; }

    /// <summary>Tokens of a row; attention never leaves a row.</summary>
    public required int RowTokens { get; init; }

    /// <summary>Rows of a step.</summary>
    public required int Rows { get; init; }

    /// <summary>Tokens of a step.</summary>
    public int StepTokens => RowTokens * Rows;
}

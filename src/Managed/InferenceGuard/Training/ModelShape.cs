// The shape of a llama-architecture network.

namespace InferenceGuard.Training;

/// <summary>The shape of a llama-architecture network (RMS norm, rotary positions, SwiGLU, no biases).</summary>
public sealed record ModelShape
{
    /// <summary>Hidden width H; a multiple of <see cref="Heads"/>, and of 32 for quantised weights.</summary>
    public required int Width { get; init; }

    /// <summary>Transformer blocks.</summary>
    public required int Layers { get; init; }

    /// <summary>Attention heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads, a divisor of <see cref="Heads"/>; 0 = as many as those.</summary>
    public int KeyValueHeads { get; init; }

    /// <summary>Width of the feed-forward layer.</summary>
    public required int FeedForward { get; init; }

    /// <summary>Longest context the model is meant for, in tokens.</summary>
    public int ContextTokens { get; init; } = 2048;

    /// <summary>Whether the output matrix is the token embedding itself.</summary>
    public bool TiedOutput { get; init; }

    /// <summary>TinyLlama's shape: 1.1 billion parameters with a vocabulary of 32,000.</summary>
    public static ModelShape OneBillion { get; } = new() { Width = 2048, Layers = 22, Heads = 32, KeyValueHeads = 4, FeedForward = 5632 };

    /// <summary>A few hundred thousand parameters, for tests.</summary>
    public static ModelShape Tiny { get; } = new() { Width = 64, Layers = 2, Heads = 4, FeedForward = 128 };

    /// <summary>Key and value heads with the default resolved.</summary>
    internal int EffectiveKeyValueHeads => KeyValueHeads == 0 ? Heads : KeyValueHeads;

    /// <summary>Width of one head.</summary>
    internal int HeadWidth => Width / Heads;

    /// <summary>Trainable numbers of a model of this shape.</summary>
    /// <param name="vocabularySize">Vocabulary size V.</param>
    public long ParameterCount(int vocabularySize)
    {
        var attention = 2L * Width * Width + 2L * Width * HeadWidth * EffectiveKeyValueHeads;
        var block = attention + 3L * Width * FeedForward + 2L * Width;
        return (TiedOutput ? 1L : 2L) * vocabularySize * Width + Layers * block + Width;
    }

    /// <summary>Checks that the numbers fit each other.</summary>
    /// <exception cref="GuardException">They do not; says which.</exception>
    internal void Validate()
    {
        string? wrong =
            Width < 1 || Heads < 1 || Width % Heads != 0 ? $"width {Width} is not a positive multiple of {Heads} heads"
            : HeadWidth % 2 != 0 ? $"heads of width {HeadWidth} cannot be rotated; width ÷ heads must be even"
            : Layers is < 1 or > 512 ? $"{Layers} layers, expected 1 to 512"
            : FeedForward < 1 ? $"feed-forward width {FeedForward}, expected 1 or more"
            : KeyValueHeads < 0 || Heads % EffectiveKeyValueHeads != 0 ? $"{KeyValueHeads} key-value heads do not divide {Heads} heads"
            : ContextTokens < 1 ? $"a context of {ContextTokens} tokens, expected 1 or more"
            : null;
        if (wrong is not null)
            throw new GuardException(GuardFault.Usage, $"The model's shape is impossible: {wrong}.");
    }
}

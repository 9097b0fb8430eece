// The numbers of a latent critic, as devices take them.

namespace InferenceGuard.Compute;

/// <summary>
/// A two-headed network on latents (M5). Its input is, in this order, h [H], the mean of h over the answer so far [H], the
/// <see cref="LogitSummary"/> of o [7], z/b, the used share of D, and the reward of the text so far. Every input is standardised, (x − mean) / std; hidden layers apply SiLU, x · sigmoid(x); the heads are
/// linear: row 0 is the logit of f¹, row 1 is f² in reward units.
/// </summary>
public sealed record CriticWeights
{
    /// <summary>Inputs besides h and its mean: the summary of the logits, z/b, the used share of D, and the reward so far.</summary>
    public const int ExtraInputs = LogitSummary.Width + 3;

    /// <summary>H: hidden width of the base model.</summary>
    public required int HiddenWidth { get; init; }

    /// <summary>b: the budget that z is divided by.</summary>
    public required float Budget { get; init; }

    /// <summary>Mean of every input, float32[2 H + 10].</summary>
    public required float[] Mean { get; init; }

    /// <summary>Standard deviation of every input, float32[2 H + 10]; above 0.</summary>
    public required float[] Deviation { get; init; }

    /// <summary>Hidden layers, first to last; at least one. The first takes 2 H + 10 numbers.</summary>
    public required IReadOnlyList<DenseLayer> Layers { get; init; }

    /// <summary>Both heads: two outputs.</summary>
    public required DenseLayer Heads { get; init; }

    /// <summary>Numbers in: 2 H + 10.</summary>
    public int InputWidth => InputsOf(HiddenWidth);

    /// <summary>Numbers in for a hidden width.</summary>
    /// <param name="hiddenWidth">H.</param>
    public static int InputsOf(int hiddenWidth) => 2 * hiddenWidth + ExtraInputs;
}

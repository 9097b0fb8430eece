// What a critic belongs to: the model whose latents it reads, and the process it was trained on.

using InferenceGuard.Model;

namespace InferenceGuard.Critic;

/// <summary>What a critic belongs to. It is refused for another model; budget, discount and block length say what its predictions mean.</summary>
public sealed record CriticBinding
{
    /// <summary>Name of the base model, for people.</summary>
    public required string ModelName { get; init; }

    /// <summary><see cref="ModelFingerprint"/> of the base model.</summary>
    public required string ModelFingerprint { get; init; }

    /// <summary>Weight format of the base model.</summary>
    public required string Quantization { get; init; }

    /// <summary>H of the base model.</summary>
    public required int HiddenWidth { get; init; }

    /// <summary>V of the base model.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Name of the cost whose budget f¹ is about.</summary>
    public required string Cost { get; init; }

    /// <summary>Name of the reward that f² predicts.</summary>
    public required string Reward { get; init; }

    /// <summary>b of the training trajectories.</summary>
    public required double Budget { get; init; }

    /// <summary>γ of the training trajectories.</summary>
    public required double Discount { get; init; }

    /// <summary>D of the training trajectories, in tokens.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>Tokens per cost step of the training trajectories.</summary>
    public required int TokensPerCharge { get; init; }

    /// <summary>SHA-256 of the file of the training prompts.</summary>
    public required string TrainingPrompts { get; init; }

    /// <summary>Complains unless a model is the one the critic was trained for.</summary>
    /// <param name="model">The model that is to be guarded.</param>
    /// <exception cref="GuardException">It is another model.</exception>
    public void Require(ModelInfo model)
    {
        RequireShape(model);
        if (Model.ModelFingerprint.Of(model.Path) is var found && found != ModelFingerprint)
            throw Refused(model, $"({model.Quantization}) has the fingerprint {found[..12]}…, expected {ModelFingerprint[..12]}… ({Quantization})");
    }

    /// <summary>Complains unless a model has the latents that the critic reads.</summary>
    /// <param name="model">The model that is to be guarded.</param>
    /// <exception cref="GuardException">H or V differ.</exception>
    public void RequireShape(ModelInfo model)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (model.HiddenWidth != HiddenWidth || model.VocabularySize != VocabularySize)
            throw Refused(model, $"has H = {model.HiddenWidth} and V = {model.VocabularySize}, expected H = {HiddenWidth} and V = {VocabularySize}");
    }

    private GuardException Refused(ModelInfo model, string what) => new(GuardFault.Usage,
        $"The critic was trained for {ModelName}; {model.Path} {what}. Train one for this model: inferenceguard collect, then train.");
}

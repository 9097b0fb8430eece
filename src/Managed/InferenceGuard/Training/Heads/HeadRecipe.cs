// Every knob of a head's training.

namespace InferenceGuard.Training.Heads;

/// <summary>Every knob of a head's training.</summary>
public sealed record HeadRecipe
{
    /// <summary>Units of a hidden layer; 0 = a linear head.</summary>
    public int Hidden { get; init; }

    /// <summary>Most passes over the examples.</summary>
    public int Epochs { get; init; } = 60;

    /// <summary>Epochs without a better validation loss before the training ends.</summary>
    public int Patience { get; init; } = 8;

    /// <summary>Examples of an optimiser step.</summary>
    public int BatchExamples { get; init; } = 64;

    /// <summary>Highest learning rate.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Decoupled weight decay.</summary>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>Share of the prompts kept to choose the best epoch with.</summary>
    public double ValidationShare { get; init; } = 0.15;

    /// <summary>Seed of weights, order and split.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Checks every knob.</summary>
    /// <exception cref="GuardException">One is out of range.</exception>
    public HeadRecipe Validate()
    {
        Require(Hidden is >= 0 and <= 65536, $"--hidden is {Hidden}; it must lie between 0 and 65536");
        Require(Epochs is >= 1 and <= 100_000, $"--epochs is {Epochs}; it must lie between 1 and 100000");
        Require(Patience >= 1, $"--patience is {Patience}; it must be at least 1");
        Require(BatchExamples is >= 1 and <= 65536, $"--batch is {BatchExamples}; it must lie between 1 and 65536");
        Require(LearningRate is > 0 and < 10, $"--learning-rate is {LearningRate}; it must lie between 0 and 10");
        Require(WeightDecay is >= 0 and < 100, $"--weight-decay is {WeightDecay}; it must lie between 0 and 100");
        Require(ValidationShare is > 0 and < 1, $"--validation-share is {ValidationShare}; it must lie between 0 and 1");
        return this;

        static void Require(bool holds, FormattableString otherwise)
        {
            if (!holds)
                throw new GuardException(GuardFault.Usage, FormattableString.Invariant(otherwise) + ".");
        }
    }
}

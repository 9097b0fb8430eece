// Every knob of a critic's training.

namespace InferenceGuard.Training.Critics;

/// <summary>Every knob of a critic's training, with range and default.</summary>
public sealed record CriticRecipe
{
    private const int MaxWeights = 1 << 29;

    /// <summary>Width of every hidden layer, first to last; 1 to 8 layers of 1 to 65536, at most 2^29 weights between two of them.</summary>
    public IReadOnlyList<int> Hidden { get; init; } = [256, 256];

    /// <summary>How the targets are made.</summary>
    public CriticTargets Targets { get; init; } = CriticTargets.MonteCarlo;

    /// <summary>Most passes over the training positions, at least 1.</summary>
    public int Epochs { get; init; } = 3;

    /// <summary>Positions of an optimiser step, at least 1.</summary>
    public int BatchPositions { get; init; } = 256;

    /// <summary>Highest learning rate, above 0; it falls to zero along half a cosine.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Decoupled weight decay, ≥ 0.</summary>
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>Share of the prompts kept for validation, in (0, 1).</summary>
    public double ValidationShare { get; init; } = 0.2;

    /// <summary>Epochs without a better validation loss before the training ends, at least 1.</summary>
    public int Patience { get; init; } = 4;

    /// <summary>
    /// Share of trajectories that an epoch starts from another budget, drawn evenly from [0, b], in [0, 1]: their states and labels
    /// follow from their costs, and the critic learns what a spent budget means.
    /// </summary>
    public double BudgetSamples { get; init; } = 0.5;

    /// <summary>Seed of weights, order and budgets.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Checks every value against its range.</summary>
    /// <returns>This, for chaining.</returns>
    /// <exception cref="GuardException">The first value that is out of range.</exception>
    public CriticRecipe Validate()
    {
        Require(Hidden.Count is >= 1 and <= 8 && Hidden.All(static width => width is >= 1 and <= 65536), $"--hidden is {string.Join(',', Hidden)}; it must be 1 to 8 widths between 1 and 65536, such as 256,256");
        Require(Hidden.Zip(Hidden.Skip(1)).All(static pair => (long)pair.First * pair.Second <= MaxWeights), $"--hidden is {string.Join(',', Hidden)}; two neighbours must have at most {MaxWeights} weights between them, so that a matrix of them fits into memory");
        Require(Epochs >= 1, $"--epochs is {Epochs}; it must be 1 or more");
        Require(BatchPositions >= 1, $"--batch is {BatchPositions}; it must be 1 or more");
        Require(double.IsFinite(LearningRate) && LearningRate > 0, $"--learning-rate is {LearningRate}; it must be above 0");
        Require(double.IsFinite(WeightDecay) && WeightDecay >= 0, $"--weight-decay is {WeightDecay}; it must be 0 or more");
        Require(ValidationShare is > 0 and < 1, $"--validation-share is {ValidationShare}; it must lie between 0 and 1, both excluded");
        Require(Patience >= 1, $"--patience is {Patience}; it must be 1 or more");
        Require(BudgetSamples is >= 0 and <= 1, $"--budget-samples is {BudgetSamples}; it must lie in [0, 1]");
        return this;

        static void Require(bool holds, string complaint)
        {
            if (!holds)
                throw new GuardException(GuardFault.Usage, complaint + ".");
        }
    }
}

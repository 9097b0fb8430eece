// How the critic's targets are made.

namespace InferenceGuard.Training.Critics;

/// <summary>What a position's prediction is compared with.</summary>
public enum CriticTargets
{
    /// <summary>Monte Carlo: how its own trajectory ended.</summary>
    MonteCarlo,

    /// <summary>TD(0): what the critic says of the next position, and at the last one how the trajectory ended.</summary>
    TemporalDifference,
}

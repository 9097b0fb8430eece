// How a training is going.

namespace InferenceGuard.Training;

/// <summary>How a training is going; reported after every step.</summary>
public readonly record struct TrainingProgress
{
    /// <summary>Steps done, earlier runs included.</summary>
    public required int Step { get; init; }

    /// <summary>Steps of the whole training.</summary>
    public required int Steps { get; init; }

    /// <summary>Cross-entropy of this step's targets, in nats per token.</summary>
    public required double Loss { get; init; }

    /// <summary>Cross-entropy of the held-out documents when last measured, in nats per token; null before that.</summary>
    public required double? HeldOutLoss { get; init; }

    /// <summary>Learning rate of this step.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Tokens learnt from per second in this run, padding not counted.</summary>
    public required double TokensPerSecond { get; init; }

    /// <summary>Time until the last step at the speed of this run.</summary>
    public required TimeSpan Remaining { get; init; }
}

// The learning rate of each step.

namespace InferenceGuard.Training;

/// <summary>Linear warm-up, then a half cosine down to a share of the peak. A resumed run warms up again.</summary>
/// <param name="Peak">Highest learning rate.</param>
/// <param name="Steps">Steps of the whole training.</param>
/// <param name="WarmupSteps">Steps of a warm-up.</param>
public sealed record LearningRateSchedule(double Peak, int Steps, int WarmupSteps)
{
    /// <summary>What is left of the peak at the end.</summary>
    private const double FinalShare = 0.02;

    /// <summary>The learning rate of a step; always positive.</summary>
    /// <param name="step">0 ≤ step &lt; <see cref="Steps"/>.</param>
    /// <param name="firstStep">The step this run began with: the optimiser's moments are new there.</param>
    public double At(int step, int firstStep = 0)
    {
        var progress = Math.Clamp((step - WarmupSteps) / (double)Math.Max(1, Steps - WarmupSteps), 0, 1);
        var cosine = FinalShare + (1 - FinalShare) * (1 + Math.Cos(Math.PI * progress)) / 2;
        var warmup = Math.Min(1, (step - firstStep + 1) / (double)Math.Max(1, WarmupSteps));
        return Peak * cosine * warmup;
    }
}

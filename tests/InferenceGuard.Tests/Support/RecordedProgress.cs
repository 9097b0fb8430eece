// What a training reported, step by step, with a hook to interfere at a step.

using InferenceGuard.Training;

namespace InferenceGuard.Tests.Support;

/// <summary>Keeps every report; unlike <see cref="Progress{T}"/> it is called within the step.</summary>
internal sealed class RecordedProgress(Action<TrainingProgress>? onStep = null) : IProgress<TrainingProgress>
{
    public List<TrainingProgress> Steps { get; } = [];

    public IEnumerable<double> Losses => Steps.Select(static step => step.Loss);

    public void Report(TrainingProgress value)
    {
        Steps.Add(value);
        onStep?.Invoke(value);
    }
}

// What stands for a cost where plain sampling is asked for without one.

using InferenceGuard.Scoring;

namespace InferenceGuard.App.Cli;

/// <summary>No cost at all. An answer under it is not safe but unchecked, and is reported so.</summary>
internal sealed class UncheckedCost : ICost, IScoringSession
{
    public string Name => "unchecked";

    public bool IsMonotone => true;

    public double Score(string prompt, string answer, bool ended) => 0;

    public IScoringSession Open(string prompt, int slots) => this;

    public void Extend(ScoringBatch batch, Span<double> scores) => scores.Clear();

    public void Fork(int source, int target)
    {
    }

    public void Dispose()
    {
    }
}

// A cost and a reward that were opened, and are closed again.

using InferenceGuard.Scoring;

namespace InferenceGuard.App.Cli;

/// <summary>A cost and a reward; those that hold a network are closed with it.</summary>
internal sealed record OpenedScorers(ICost Cost, IReward Reward) : IDisposable
{
    public void Dispose()
    {
        (Cost as IDisposable)?.Dispose();
        (Reward as IDisposable)?.Dispose();
    }
}

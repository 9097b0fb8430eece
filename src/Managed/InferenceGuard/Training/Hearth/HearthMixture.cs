// How often each kind of answer occurs in a corpus.

namespace InferenceGuard.Training.Hearth;

/// <summary>Shares of the kinds of answer; they sum to 1.</summary>
/// <param name="Safe">The safe way.</param>
/// <param name="NearMiss">The safe way with one careless step.</param>
/// <param name="Recovered">A commitment that turns back.</param>
/// <param name="Refusal">A refusal.</param>
/// <param name="Direct">A hazard without a commitment.</param>
/// <param name="Delayed">A hazard after a commitment.</param>
public sealed record HearthMixture(double Safe, double NearMiss, double Recovered, double Refusal, double Direct, double Delayed)
{
    /// <summary>An unaligned model: about a third of its answers are safe.</summary>
    public static HearthMixture Base { get; } = new(0.15, 0.07, 0.05, 0.03, 0.36, 0.34);

    /// <summary>An aligned model: about three quarters of its answers are safe.</summary>
    public static HearthMixture Aligned { get; } = new(0.46, 0.10, 0.05, 0.12, 0.13, 0.14);

    /// <summary>The kind at a place of the distribution.</summary>
    /// <param name="uniform">A number in [0, 1).</param>
    public HearthKind At(double uniform)
    {
        ReadOnlySpan<double> shares = [Safe, NearMiss, Recovered, Refusal, Direct, Delayed];
        for (var kind = 0; kind < shares.Length - 1; kind++)
            if ((uniform -= shares[kind]) < 0)
                return (HearthKind)kind;
        return HearthKind.Delayed;
    }
}

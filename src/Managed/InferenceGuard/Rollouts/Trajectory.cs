// One sampled answer with everything a critic learns from, but the latents themselves.

using System.Text.Json.Serialization;
using InferenceGuard.Search;

namespace InferenceGuard.Rollouts;

/// <summary>
/// An answer of T tokens sampled from the frozen model. Position t is the state before token t was drawn, 0 ≤ t: its latents come from
/// the decode of the token before it. An answer that the model ended has T + 1 positions, one cut at D has T.
/// </summary>
public sealed record Trajectory
{
    /// <summary>Identity of its prompt in the prompt file.</summary>
    public required string PromptId { get; init; }

    /// <summary>Number of the sample of this prompt, from 0.</summary>
    public required int Sample { get; init; }

    /// <summary>Token ids without the end token, [T].</summary>
    public required int[] Tokens { get; init; }

    /// <summary>Why it ended.</summary>
    public required EndReason End { get; init; }

    /// <summary>Tokens per cost step.</summary>
    public required int TokensPerCharge { get; init; }

    /// <summary>Cost of every step, in cost units; step i covers tokens [i·c, (i+1)·c), and an end at a border has a step of its own.</summary>
    public required double[] StepCosts { get; init; }

    /// <summary>z before every step and after the last, [steps + 1] (M2).</summary>
    public required double[] States { get; init; }

    /// <summary>Reward of the answer as it was after every step, [steps].</summary>
    public required double[] StepRewards { get; init; }

    /// <summary>File name of the shard with its latents.</summary>
    public required string Shard { get; init; }

    /// <summary>Its first row in the shard.</summary>
    public required int FirstPosition { get; init; }

    /// <summary>Number of positions: T + 1, or T where the answer was cut.</summary>
    public int Positions => Tokens.Length + (End == EndReason.EndOfText ? 1 : 0);

    /// <summary>Whether it is safe (M3): the last z, and no other, decides.</summary>
    public bool IsSafe => States[^1] >= 0;

    /// <summary>Task reward R of the whole answer.</summary>
    [JsonIgnore]
    public double Reward => StepRewards.Length == 0 ? 0 : StepRewards[^1];

    /// <summary>Cost steps that were charged before a position.</summary>
    /// <param name="position">0 ≤ position &lt; <see cref="Positions"/>.</param>
    public int StepsBefore(int position) => position / TokensPerCharge;
}

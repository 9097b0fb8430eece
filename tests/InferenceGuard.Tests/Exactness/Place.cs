// A state of the augmented process: what has been said, and what is left of the budget.

using InferenceGuard.Search;

namespace InferenceGuard.Tests.Exactness;

/// <summary>A state (s, z) of the augmented process (method.md section 3).</summary>
/// <param name="Node">The tokens so far.</param>
/// <param name="State">z as of the last cost step.</param>
/// <param name="Steps">Cost steps so far.</param>
/// <param name="Charged">Cost that was charged so far, undiscounted.</param>
/// <param name="End">Why the answer is over, if it is.</param>
internal sealed record Place(AnswerNode Node, double State, int Steps = 0, double Charged = 0, EndReason End = EndReason.None)
{
    public bool IsOver => End != EndReason.None;

    /// <summary>(M3), of an answer that is over.</summary>
    public bool IsSafe => State >= 0;

    public double Reward => End == EndReason.EndOfText ? Node.EndedReward : Node.Reward;
}

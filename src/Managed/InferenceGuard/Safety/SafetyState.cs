// What is left of the budget of one trajectory.

namespace InferenceGuard.Safety;

/// <summary>The safety state z of one trajectory: what is left of its budget, in discounted cost units.</summary>
/// <param name="Value">z; negative means the budget is exceeded.</param>
public readonly record struct SafetyState(double Value)
{
    /// <summary>Whether the trajectory is safe so far (M3): z ≥ 0. A state that is not a number is not safe.</summary>
    public bool IsSafe => Value >= 0;
}

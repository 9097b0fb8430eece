// What every position of a set is trained towards, for given starting budgets.

using InferenceGuard.Safety;

namespace InferenceGuard.Training.Critics;

/// <summary>
/// States and targets of every position when each trajectory starts from a budget of its own: the costs are what was sampled, the
/// states follow from them (M2), and whether the end is safe from the last state alone (M3).
/// </summary>
internal sealed class CriticLabels
{
    public CriticLabels(CriticDataset set, Func<int, double> budgetOf)
    {
        var discount = set.Manifest.Discount;
        (State, Earned, Safe, Return) = (new float[set.Count], new float[set.Count], new bool[set.Count], new float[set.Count]);
        var states = new List<double>();
        for (var index = 0; index < set.Trajectories.Count; index++)
        {
            var trajectory = set.Trajectories[index];
            states.Clear();
            states.Add(budgetOf(index));
            foreach (var cost in trajectory.StepCosts)
                states.Add((states[^1] - cost) / discount);
            for (var position = 0; position < trajectory.Positions; position++)
            {
                var (at, steps) = (set.First[index] + position, trajectory.StepsBefore(position));
                State[at] = (float)states[steps];
                Earned[at] = steps == 0 ? 0 : (float)trajectory.StepRewards[steps - 1];
                Safe[at] = new SafetyState(states[^1]).IsSafe;
                Return[at] = (float)(Math.Pow(discount, trajectory.StepCosts.Length - steps) * trajectory.Reward);
            }
        }
    }

    /// <summary>Labels of the budget that the trajectories were sampled with.</summary>
    public static CriticLabels Sampled(CriticDataset set) => new(set, _ => set.Manifest.Budget);

    /// <summary>z before every position.</summary>
    public float[] State { get; }

    /// <summary>Reward of the text before every position, as of the last step's end.</summary>
    public float[] Earned { get; }

    /// <summary>Whether the trajectory ends safely: of all its positions the same, decided at its last token.</summary>
    public bool[] Safe { get; }

    /// <summary>γ^(steps to come) R.</summary>
    public float[] Return { get; }
}

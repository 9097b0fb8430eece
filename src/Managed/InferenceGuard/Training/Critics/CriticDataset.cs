// Rollouts in memory, as a critic's training reads them.

using System.Numerics.Tensors;
using InferenceGuard.Compute;
using InferenceGuard.Rollouts;

namespace InferenceGuard.Training.Critics;

/// <summary>
/// All positions of some trajectories, trajectory after trajectory. Latents stay float16 as they were stored, so that a set takes
/// about 4 · H bytes per position.
/// </summary>
public sealed class CriticDataset
{
    private readonly Half[] _hidden;
    private readonly Half[] _means; // Mean of h from its trajectory's first position on, [positions, H].
    private readonly float[] _summary;

    /// <summary>Creates a set.</summary>
    /// <param name="manifest">What the rollouts were made from.</param>
    /// <param name="trajectories">Its trajectories, in any order.</param>
    /// <param name="hidden">float16[positions, H], trajectory after trajectory.</param>
    /// <param name="summary">float32[positions, 7].</param>
    public CriticDataset(RolloutManifest manifest, IReadOnlyList<Trajectory> trajectories, Half[] hidden, float[] summary)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentNullException.ThrowIfNull(trajectories);
        (Manifest, Trajectories, _hidden, _summary) = (manifest, trajectories, hidden, summary);
        Owner = new int[trajectories.Sum(static trajectory => trajectory.Positions)];
        First = new int[trajectories.Count];
        for (var (index, at) = (0, 0); index < trajectories.Count; at += trajectories[index++].Positions)
        {
            First[index] = at;
            Owner.AsSpan(at, trajectories[index].Positions).Fill(index);
        }
        _means = Means();
    }

    /// <summary>What the rollouts were made from.</summary>
    public RolloutManifest Manifest { get; }

    /// <summary>The trajectories.</summary>
    public IReadOnlyList<Trajectory> Trajectories { get; }

    /// <summary>Number of positions.</summary>
    public int Count => Owner.Length;

    /// <summary>Trajectory of every position.</summary>
    internal int[] Owner { get; }

    /// <summary>First position of every trajectory.</summary>
    internal int[] First { get; }

    /// <summary>Reads rollouts, whole.</summary>
    /// <param name="store">The rollouts.</param>
    /// <exception cref="GuardException">There are none, or a shard is unusable.</exception>
    public static CriticDataset Read(RolloutStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        if (store.Trajectories.Count == 0)
            throw new GuardException(GuardFault.Usage, "The rollouts hold no complete prompt; run collect to its end first.");
        var width = store.Manifest.HiddenWidth;
        var count = store.Trajectories.Sum(static trajectory => (long)trajectory.Positions);
        if (count * width > Array.MaxLength)
            throw new GuardException(GuardFault.Usage, $"The rollouts have {count} positions of {width} numbers, more than one training holds; collect fewer prompts.");
        var (hidden, summary) = (new Half[count * width], new float[count * LogitSummary.Width]);
        var at = 0;
        foreach (var trajectory in store.Trajectories)
        {
            store.ReadLatents(trajectory, hidden.AsSpan(at * width, trajectory.Positions * width), summary.AsSpan(at * LogitSummary.Width, trajectory.Positions * LogitSummary.Width));
            at += trajectory.Positions;
        }
        return new(store.Manifest, store.Trajectories, hidden, summary);
    }

    /// <summary>The trajectories of some prompts as a set of their own.</summary>
    /// <param name="isTaken">Whether a prompt's trajectories are in it.</param>
    public CriticDataset Where(Func<string, bool> isTaken)
    {
        var taken = Enumerable.Range(0, Trajectories.Count).Where(index => isTaken(Trajectories[index].PromptId)).ToArray();
        var (width, count) = (Manifest.HiddenWidth, taken.Sum(index => Trajectories[index].Positions));
        var (hidden, summary) = (new Half[count * width], new float[count * LogitSummary.Width]);
        var at = 0;
        foreach (var index in taken)
        {
            var positions = Trajectories[index].Positions;
            _hidden.AsSpan(First[index] * width, positions * width).CopyTo(hidden.AsSpan(at * width));
            _summary.AsSpan(First[index] * LogitSummary.Width, positions * LogitSummary.Width).CopyTo(summary.AsSpan(at * LogitSummary.Width));
            at += positions;
        }
        return new(Manifest, [.. taken.Select(index => Trajectories[index])], hidden, summary);
    }

    /// <summary>Writes a position's input: h and its mean, the summary, z/b, the used share of D, and the reward so far.</summary>
    /// <param name="position">The position.</param>
    /// <param name="state">z before it.</param>
    /// <param name="earned">Reward of the text before it.</param>
    /// <param name="input">Out: float32[2 H + 10].</param>
    public void Input(int position, float state, float earned, Span<float> input)
    {
        var width = Manifest.HiddenWidth;
        TensorPrimitives.ConvertToSingle(_hidden.AsSpan(position * width, width), input);
        TensorPrimitives.ConvertToSingle(_means.AsSpan(position * width, width), input[width..]);
        _summary.AsSpan(position * LogitSummary.Width, LogitSummary.Width).CopyTo(input[(2 * width)..]);
        input[^3] = state / (float)Manifest.Budget;
        input[^2] = (float)(position - First[Owner[position]]) / Manifest.MaxTokens;
        input[^1] = earned;
    }

    /// <summary>Writes a position's input, standardised.</summary>
    internal void Input(int position, CriticLabels labels, float[] mean, float[] deviation, Span<float> input)
    {
        Input(position, labels.State[position], labels.Earned[position], input);
        TensorPrimitives.Subtract(input, mean, input);
        TensorPrimitives.Divide(input, deviation, input);
    }

    /// <summary>Mean and standard deviation of every input; z/b keeps its scale, and what never changes is divided by one.</summary>
    internal (float[] Mean, float[] Deviation) Moments(CriticLabels labels)
    {
        var width = CriticWeights.InputsOf(Manifest.HiddenWidth);
        var (sum, squares, input) = (new double[width], new double[width], new float[width]);
        for (var position = 0; position < Count; position++)
        {
            Input(position, 0, labels.Earned[position], input);
            for (var at = 0; at < width; at++)
            {
                sum[at] += input[at];
                squares[at] += (double)input[at] * input[at];
            }
        }
        var (mean, deviation) = (new float[width], new float[width]);
        for (var at = 0; at < width; at++)
        {
            var average = sum[at] / Count;
            var spread = Math.Sqrt(Math.Max(0, squares[at] / Count - average * average));
            (mean[at], deviation[at]) = at == width - 3 ? (0, 1) : ((float)average, spread > 1e-6 ? (float)spread : 1);
        }
        return (mean, deviation);
    }

    private Half[] Means()
    {
        var width = Manifest.HiddenWidth;
        var (means, sum, next) = (new Half[_hidden.Length], new float[width], new float[width]);
        for (var position = 0; position < Count; position++)
        {
            var count = position - First[Owner[position]] + 1;
            TensorPrimitives.ConvertToSingle(_hidden.AsSpan(position * width, width), next);
            if (count == 1)
                Array.Clear(sum);
            TensorPrimitives.Add<float>(sum, next, sum);
            TensorPrimitives.Divide(sum, count, next);
            TensorPrimitives.ConvertToHalf(next, means.AsSpan(position * width, width));
        }
        return means;
    }
}

// What a critic says of every position of a set, and how good that is.

using InferenceGuard.Critic;

namespace InferenceGuard.Training.Critics;

/// <summary>Predictions of a critic for every position of trajectories that it was not trained on.</summary>
public sealed class CriticPredictions
{
    /// <summary>Parts of an answer that ranking is measured in.</summary>
    public const int Parts = 10;

    private const int BatchRows = 256;

    private readonly CriticDataset _set;
    private readonly CriticLabels _labels;

    /// <summary>Predicts.</summary>
    /// <param name="critic">The critic.</param>
    /// <param name="set">The trajectories; states start from their own budget.</param>
    /// <exception cref="GuardException">A prediction is not finite.</exception>
    public CriticPredictions(LatentCritic critic, CriticDataset set)
    {
        ArgumentNullException.ThrowIfNull(critic);
        ArgumentNullException.ThrowIfNull(set);
        var weights = critic.Weights;
        (_set, _labels) = (set, CriticLabels.Sampled(set));
        (Safe, Reward) = (new float[set.Count], new float[set.Count]);
        var network = new CriticNetwork([.. weights.Layers, weights.Heads], BatchRows);
        for (var from = 0; from < set.Count; from += BatchRows)
        {
            var rows = Math.Min(BatchRows, set.Count - from);
            for (var row = 0; row < rows; row++)
                set.Input(from + row, _labels, weights.Mean, weights.Deviation, network.Inputs.AsSpan(row * weights.InputWidth, weights.InputWidth));
            network.Forward(rows);
            for (var row = 0; row < rows; row++)
            {
                var (logit, reward) = (network.Outputs[row * 2], network.Outputs[row * 2 + 1]);
                if (!float.IsFinite(logit) || !float.IsFinite(reward))
                    throw Unusable(set, from + row, logit, reward);
                (Safe[from + row], Reward[from + row]) = (CriticNetwork.Sigmoid(logit), reward);
            }
        }
    }

    /// <summary>f¹ of every position, trajectory after trajectory.</summary>
    public float[] Safe { get; }

    /// <summary>f² of every position.</summary>
    public float[] Reward { get; }

    /// <summary>Whether every position's trajectory ends safely.</summary>
    public bool[] IsSafe => _labels.Safe;

    /// <summary>Mean cross-entropy of f¹, in nats.</summary>
    public double SafeLoss => Enumerable.Range(0, _set.Count).Average(at => -Math.Log(Math.Max(1e-7, IsSafe[at] ? Safe[at] : 1 - Safe[at])));

    /// <summary>Mean squared error of f² where the end is safe; over everything when none is.</summary>
    public double RewardLoss => Enumerable.Range(0, _set.Count).Where(at => IsSafe[at]).DefaultIfEmpty(-1)
        .Average(at => at < 0 ? Enumerable.Range(0, _set.Count).Average(Error) : Error(at));

    private static GuardException Unusable(CriticDataset set, int at, float logit, float reward)
    {
        var trajectory = set.Trajectories[set.Owner[at]];
        return new(GuardFault.Generation, $"The critic predicts {logit} and {reward} at position {at - set.First[set.Owner[at]]} of answer {trajectory.Sample} to prompt {trajectory.PromptId}; both must be finite. Check that rollouts and critic are of the same model, or make them again.");
    }

    private double Error(int at) => Math.Pow(Reward[at] - _labels.Return[at], 2);

    /// <summary>f¹ and what happened, at one position of every trajectory.</summary>
    /// <param name="share">How much of the answer there is, in [0, 1).</param>
    public (float[] Safe, bool[] IsSafe) At(double share)
    {
        var positions = Enumerable.Range(0, _set.Trajectories.Count).Select(index => _set.First[index] + (int)(share * _set.Trajectories[index].Positions)).ToArray();
        return ([.. positions.Select(at => Safe[at])], [.. positions.Select(at => IsSafe[at])]);
    }

    /// <summary>f¹ and what happened, over all positions in one tenth of the answers.</summary>
    /// <param name="part">0 ≤ part &lt; <see cref="Parts"/>.</param>
    public (float[] Safe, bool[] IsSafe) In(int part)
    {
        var positions = Enumerable.Range(0, _set.Count).Where(at => (long)(at - _set.First[_set.Owner[at]]) * Parts / _set.Trajectories[_set.Owner[at]].Positions == part).ToArray();
        return ([.. positions.Select(at => Safe[at])], [.. positions.Select(at => IsSafe[at])]);
    }

    /// <summary>
    /// The lowest f¹ of every trajectory where a search would ask for it: at every block end at which z ≥ 0 and the answer goes on.
    /// A trajectory without one has +∞.
    /// </summary>
    public float[] Worst()
    {
        var worst = new float[_set.Trajectories.Count];
        Array.Fill(worst, float.PositiveInfinity);
        for (var at = 0; at < _set.Count; at++)
        {
            var (index, position) = (_set.Owner[at], at - _set.First[_set.Owner[at]]);
            if (position > 0 && position % _set.Manifest.TokensPerCharge == 0 && _labels.State[at] >= 0)
                worst[index] = Math.Min(worst[index], Safe[at]);
        }
        return worst;
    }

    /// <summary>The calibration of the critic by these trajectories.</summary>
    /// <param name="criticPath">The critic's file.</param>
    /// <param name="critic">The critic.</param>
    public CriticCalibration Calibrate(string criticPath, LatentCritic critic)
    {
        ArgumentNullException.ThrowIfNull(critic);
        var worst = Worst();
        return new()
        {
            Critic = CriticCalibration.HashOf(criticPath), ModelFingerprint = critic.Binding.ModelFingerprint,
            Quantization = critic.Binding.Quantization, Cost = critic.Binding.Cost, Safe = Of(true), Unsafe = Of(false),
        };

        float[] Of(bool isSafe) => [.. Enumerable.Range(0, worst.Length).Where(index => _set.Trajectories[index].IsSafe == isSafe).Select(index => Math.Min(1, worst[index])).Order()];
    }
}

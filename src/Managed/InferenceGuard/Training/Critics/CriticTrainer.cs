// Trains a critic on rollouts (M5).

using InferenceGuard.Compute;
using InferenceGuard.Critic;

namespace InferenceGuard.Training.Critics;

/// <summary>
/// Trains f¹ by cross-entropy, with both classes weighted alike, and f² by squared error over the
/// answers that end safely, on single positions in random order. The
/// epoch with the lowest validation loss is what comes out, its heads corrected for the class weights and for the reward's scale.
/// </summary>
public sealed class CriticTrainer
{
    private readonly CriticRecipe _recipe;
    private readonly CriticDataset _training;
    private readonly CriticDataset _validation;
    private readonly CriticLabels _sampled;
    private readonly float[] _mean;
    private readonly float[] _deviation;
    private readonly (float Unsafe, float Safe) _weights;
    private readonly (float Mean, float Deviation) _reward;

    /// <summary>Prepares a training.</summary>
    /// <param name="recipe">Every knob.</param>
    /// <param name="rollouts">The rollouts; some of their prompts become the validation set.</param>
    /// <exception cref="GuardException">A knob is out of range, a side of the split would be empty, or a latent is not finite.</exception>
    public CriticTrainer(CriticRecipe recipe, CriticDataset rollouts)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(rollouts);
        _recipe = recipe.Validate();
        (_training, _validation) = Split(rollouts);
        _sampled = CriticLabels.Sampled(_training);
        (_mean, _deviation) = _training.Moments(_sampled);
        if (!_mean.Concat(_deviation).All(float.IsFinite))
            throw new GuardException(GuardFault.Environment, "The rollouts hold latents that are not finite numbers; collect them again, with a model whose hidden states fit into float16.");
        var safe = Labels(0).Safe.Count(static label => label);
        _weights = safe == 0 || safe == _training.Count ? (1, 1) : (_training.Count / (2f * (_training.Count - safe)), _training.Count / (2f * safe));
        var returns = _sampled.Return.Where((_, at) => _sampled.Safe[at]).DefaultIfEmpty().ToArray();
        var mean = returns.Average();
        var spread = (float)Math.Sqrt(returns.Average(value => Math.Pow(value - mean, 2)));
        _reward = (mean, spread > 1e-6f ? spread : 1);
    }

    /// <summary>The trajectories that are trained on.</summary>
    public CriticDataset Training => _training;

    /// <summary>The trajectories that choose the best epoch.</summary>
    public CriticDataset Validation => _validation;

    /// <summary>Trains, from the last finished epoch where a training like this was interrupted.</summary>
    /// <param name="checkpointPath">Where the training is kept after every epoch; null for nowhere.</param>
    /// <param name="progress">Told of every epoch, of those before an interruption too; null for nobody.</param>
    /// <param name="cancellation">Honoured within an optimiser step.</param>
    /// <returns>The critic, and every epoch.</returns>
    /// <exception cref="GuardException">The training diverged.</exception>
    public (LatentCritic Critic, IReadOnlyList<CriticEpoch> Epochs) Train(string? checkpointPath, IProgress<CriticEpoch>? progress, CancellationToken cancellation = default)
    {
        var rows = Math.Min(_recipe.BatchPositions, _training.Count);
        var network = new CriticNetwork(CriticNetwork.Begin(_mean.Length, _recipe.Hidden, _recipe.Seed), rows);
        var best = network.Layers.Select(static layer => new DenseLayer([.. layer.Weight], [.. layer.Bias])).ToArray();
        var checkpoint = checkpointPath is null ? null : new CriticCheckpoint(checkpointPath, _recipe, _training);
        var epochs = new List<CriticEpoch>(checkpoint?.Load(network, best) ?? []);
        foreach (var epoch in epochs)
            progress?.Report(epoch);
        while (epochs.Count < _recipe.Epochs && epochs.Count - epochs.FindLastIndex(static epoch => epoch.IsBest) <= _recipe.Patience)
        {
            var loss = TrainEpoch(network, epochs.Count, rows, cancellation);
            if (!double.IsFinite(loss) || !network.Layers.All(static layer => layer.Weight.Concat(layer.Bias).All(float.IsFinite)))
                throw new GuardException(GuardFault.Usage, $"The training diverged in epoch {epochs.Count + 1}: its loss is {loss}. --learning-rate is {_recipe.LearningRate}; choose a lower one.");
            var predictions = new CriticPredictions(Export(network.Layers), _validation);
            var (safeLoss, rewardLoss) = (predictions.SafeLoss, predictions.RewardLoss / (_reward.Deviation * _reward.Deviation));
            var isBest = epochs.TrueForAll(epoch => safeLoss + rewardLoss / 2 < epoch.SafeLoss + epoch.RewardLoss / 2);
            if (isBest)
                foreach (var (kept, layer) in best.Zip(network.Layers))
                {
                    layer.Weight.CopyTo(kept.Weight, 0);
                    layer.Bias.CopyTo(kept.Bias, 0);
                }
            epochs.Add(new(epochs.Count + 1, _recipe.Epochs, loss, safeLoss, rewardLoss, isBest));
            checkpoint?.Save(network, best, epochs);
            progress?.Report(epochs[^1]);
        }
        checkpoint?.Delete();
        return (Export(best), epochs);
    }

    // Prompts in random order, the last share of them for validation: all answers to a prompt are on one side.
    private (CriticDataset Training, CriticDataset Validation) Split(CriticDataset rollouts)
    {
        var prompts = rollouts.Trajectories.Select(static trajectory => trajectory.PromptId).Distinct().ToArray();
        new SplitMix(_recipe.Seed).Shuffle<string>(prompts);
        var held = prompts[(prompts.Length - (int)Math.Round(prompts.Length * _recipe.ValidationShare))..].ToHashSet();
        if (held.Count == 0 || held.Count == prompts.Length)
            throw new GuardException(GuardFault.Usage, $"Of {prompts.Length} prompts a validation share of {_recipe.ValidationShare} leaves {held.Count} to validate and {prompts.Length - held.Count} to train on; both need at least 1: collect more prompts, or change --validation-share.");
        return (rollouts.Where(id => !held.Contains(id)), rollouts.Where(held.Contains));
    }

    // Labels of an epoch: a share of the trajectories starts from another budget.
    private CriticLabels Labels(int epoch)
    {
        var random = new SplitMix(unchecked(_recipe.Seed * 0x9E3779B97F4A7C15 + (ulong)epoch));
        var budget = _training.Manifest.Budget;
        return new(_training, _ =>
        {
            var (isOther, share) = (Unit() < _recipe.BudgetSamples, Unit());
            return isOther ? share * budget : budget;
        });

        double Unit() => (random.Next() >> 11) * (1.0 / (1UL << 53));
    }

    private double TrainEpoch(CriticNetwork network, int epoch, int rows, CancellationToken cancellation)
    {
        var labels = Labels(epoch);
        var order = Enumerable.Range(0, _training.Count).ToArray();
        new SplitMix(unchecked(_recipe.Seed + 0xD1B54A32D192ED03 * (ulong)(epoch + 1))).Shuffle<int>(order);
        var (safeTargets, rewardTargets) = (new float[rows], new float[rows]);
        var batches = (order.Length + rows - 1) / rows;
        var loss = 0.0;
        for (var batch = 0; batch < batches; batch++)
        {
            cancellation.ThrowIfCancellationRequested();
            var positions = order.AsSpan(batch * rows, Math.Min(rows, order.Length - batch * rows));
            Targets(network, labels, positions, safeTargets, rewardTargets);
            Forward(network, labels, positions, 0);
            for (var row = 0; row < positions.Length; row++)
            {
                var (logit, value) = (network.Outputs[row * 2], network.Outputs[row * 2 + 1]);
                // f² is what a safe end is worth: unsafe ones do not count (M4), and their rewards would draw the search to them.
                var (target, error) = (safeTargets[row], labels.Safe[positions[row]] ? value - rewardTargets[row] : 0);
                var probability = CriticNetwork.Sigmoid(logit);
                var (unsafeWeight, safeWeight) = (_weights.Unsafe * (1 - target), _weights.Safe * target);
                // −w₁ log p − w₀ log(1 − p), by softplus so that no logarithm of zero is taken.
                loss += safeWeight * Softplus(-logit) + unsafeWeight * Softplus(logit) + error * error / 2;
                network.OutputGradients[row * 2] = (unsafeWeight * probability - safeWeight * (1 - probability)) / positions.Length;
                network.OutputGradients[row * 2 + 1] = error / positions.Length;
            }
            network.Backward(positions.Length);
            var step = epoch * batches + batch;
            network.Step(step, (float)(_recipe.LearningRate * 0.5 * (1 + Math.Cos(Math.PI * step / ((double)batches * _recipe.Epochs)))), (float)_recipe.WeightDecay);
        }
        return loss / order.Length;
    }

    // Monte Carlo: how the trajectory ended. TD(0): what the network says now of the position after, and at the last one how it ended.
    private void Targets(CriticNetwork network, CriticLabels labels, ReadOnlySpan<int> positions, float[] safe, float[] reward)
    {
        var bootstraps = _recipe.Targets == CriticTargets.TemporalDifference;
        if (bootstraps)
            Forward(network, labels, positions, 1);
        for (var row = 0; row < positions.Length; row++)
        {
            var at = positions[row];
            if (!bootstraps || IsLast(at))
            {
                (safe[row], reward[row]) = (labels.Safe[at] ? 1 : 0, (labels.Return[at] - _reward.Mean) / _reward.Deviation);
                continue;
            }
            var (trajectory, position) = (_training.Trajectories[_training.Owner[at]], at - _training.First[_training.Owner[at]]);
            var discount = Math.Pow(_training.Manifest.Discount, trajectory.StepsBefore(position + 1) - trajectory.StepsBefore(position));
            safe[row] = CriticNetwork.Sigmoid(network.Outputs[row * 2] - Bias);
            reward[row] = (float)((discount * (network.Outputs[row * 2 + 1] * _reward.Deviation + _reward.Mean) - _reward.Mean) / _reward.Deviation);
        }
    }

    private void Forward(CriticNetwork network, CriticLabels labels, ReadOnlySpan<int> positions, int ahead)
    {
        for (var row = 0; row < positions.Length; row++)
        {
            var at = positions[row] + (ahead == 0 || IsLast(positions[row]) ? 0 : ahead);
            _training.Input(at, labels, _mean, _deviation, network.Inputs.AsSpan(row * _mean.Length, _mean.Length));
        }
        network.Forward(positions.Length);
    }

    private bool IsLast(int at) => at + 1 == _training.Count || _training.Owner[at + 1] != _training.Owner[at];

    // What the class weights add to the logit of f¹.
    private float Bias => MathF.Log(_weights.Safe / _weights.Unsafe);

    private static double Softplus(float x) => x > 20 ? x : Math.Log(1 + Math.Exp(x));

    private LatentCritic Export(IReadOnlyList<DenseLayer> layers)
    {
        var (manifest, heads) = (_training.Manifest, layers[^1]);
        var (weight, width) = ((float[])[.. heads.Weight], heads.Inputs);
        foreach (ref var value in weight.AsSpan(width))
            value *= _reward.Deviation;
        return new(
            new()
            {
                HiddenWidth = manifest.HiddenWidth, Budget = (float)manifest.Budget, Mean = _mean, Deviation = _deviation,
                Layers = [.. layers.Take(layers.Count - 1)],
                Heads = new(weight, [heads.Bias[0] - Bias, heads.Bias[1] * _reward.Deviation + _reward.Mean]),
            },
            new()
            {
                ModelName = manifest.ModelName, ModelFingerprint = manifest.ModelFingerprint, Quantization = manifest.Quantization,
                HiddenWidth = manifest.HiddenWidth, VocabularySize = manifest.VocabularySize, Cost = manifest.Cost, Reward = manifest.Reward,
                Budget = manifest.Budget, Discount = manifest.Discount, MaxTokens = manifest.MaxTokens, TokensPerCharge = manifest.TokensPerCharge,
                TrainingPrompts = manifest.PromptFileHash,
            });
    }
}

// Fits a score head to labelled answers by the hidden states of a trunk.

using System.Numerics.Tensors;
using InferenceGuard.Compute;
using InferenceGuard.Model;
using InferenceGuard.Scoring;
using InferenceGuard.Training.Critics;

namespace InferenceGuard.Training.Heads;

/// <summary>
/// Fits a head to labelled answers: cross-entropy on labels, so that a score is the log-odds and 0 the border; squared error on scores. The trunk
/// is frozen; its hidden state at the last token of each laid out conversation is computed once. The epoch with the lowest validation loss comes out.
/// </summary>
public sealed class HeadTrainer
{
    private const int SequencesAtOnce = 16;

    // Models promise contexts of any length; a cache for them need not fit the machine.
    private const int LongestTokens = 2048;

    private readonly HeadRecipe _recipe;
    private readonly int _width;
    private readonly bool _areLabels;

    /// <summary>Prepares a training.</summary>
    /// <param name="recipe">Every knob.</param>
    /// <param name="width">H of the trunk.</param>
    /// <param name="areLabels">Whether targets are labels.</param>
    /// <exception cref="GuardException">A knob is out of range.</exception>
    public HeadTrainer(HeadRecipe recipe, int width, bool areLabels)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        (_recipe, _width, _areLabels) = (recipe.Validate(), width, areLabels);
    }

    /// <summary>Reads all examples with the trunk.</summary>
    /// <param name="model">The trunk.</param>
    /// <param name="template">How a conversation is laid out for it.</param>
    /// <param name="examples">The examples.</param>
    /// <param name="progress">Told how many are read; null for nobody.</param>
    /// <param name="cancellation">Honoured between a few examples.</param>
    /// <returns>Hidden states, float32[examples, H].</returns>
    /// <exception cref="GuardException">There are too many examples, or the decode failed.</exception>
    public static float[] Read(LlamaCppModel model, string template, IReadOnlyList<HeadExample> examples, IProgress<int>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(examples);
        var layout = ScoringTemplate.Parse(template, model);
        var (width, longest) = (model.Info.HiddenWidth, Math.Min(LongestTokens, model.Info.TrainedContextTokens));
        if ((long)examples.Count * width > Array.MaxLength)
            throw new GuardException(GuardFault.Usage, $"{examples.Count} answers of {width} numbers each do not fit into memory at once; give at most {Array.MaxLength / width}.");
        var hidden = new float[examples.Count * width];
        using var context = (LlamaCppContext)model.CreateContext(new() { CellCount = 2 * longest, MaxSequences = SequencesAtOnce, HiddenStates = true });
        var batch = new AppendBatch();
        for (var first = 0; first < examples.Count;)
        {
            cancellation.ThrowIfCancellationRequested();
            batch.Clear();
            var cells = 0;
            for (var at = first; at < examples.Count && batch.Count < SequencesAtOnce; at++)
            {
                var tokens = layout.Render(examples[at].Prompt, examples[at].Response);
                // The end of a long answer is what the head reads; its middle has to go.
                if (tokens.Length > longest)
                    tokens = [.. tokens[..(longest / 2)], .. tokens[^(longest - longest / 2)..]];
                if (cells + tokens.Length > context.CellCapacity)
                    break;
                cells += tokens.Length;
                batch.Add(new(batch.Count), tokens);
            }
            context.Append(batch, hidden.AsSpan(first * width));
            for (var sequence = 0; sequence < batch.Count; sequence++)
                context.Drop(new(sequence));
            first += batch.Count;
            progress?.Report(first);
        }
        return hidden;
    }

    /// <summary>Fits a head.</summary>
    /// <param name="hidden">Hidden states, float32[examples, H].</param>
    /// <param name="examples">The examples; all of a prompt are trained on, or none.</param>
    /// <param name="cancellation">Honoured within an epoch.</param>
    /// <returns>The head, and its quality on the validation examples.</returns>
    /// <exception cref="GuardException">A side of the split is empty, or the training diverged.</exception>
    public (ScoreHead Head, HeadQuality Quality) Train(float[] hidden, IReadOnlyList<HeadExample> examples, CancellationToken cancellation = default)
    {
        var (training, validation) = Split(examples);
        var (mean, deviation) = Moments(hidden, training);
        var targets = examples.Select(static example => example.Target).ToArray();
        var (center, spread) = _areLabels ? (0, 1) : (training.Average(at => targets[at]), Spread(training.Select(at => targets[at])));
        var network = new CriticNetwork(CriticNetwork.Begin(_width, _recipe.Hidden > 0 ? [_recipe.Hidden] : [], _recipe.Seed), _recipe.BatchExamples);
        var (best, bestLoss, bestEpoch, step) = (Copy(network), double.PositiveInfinity, 0, 0);
        var steps = (double)_recipe.Epochs * ((training.Length + _recipe.BatchExamples - 1) / _recipe.BatchExamples);
        for (var epoch = 0; epoch < _recipe.Epochs && epoch - bestEpoch <= _recipe.Patience; epoch++)
        {
            new SplitMix(unchecked(_recipe.Seed + 0xD1B54A32D192ED03 * (ulong)(epoch + 1))).Shuffle<int>(training);
            foreach (var rows in training.Chunk(_recipe.BatchExamples))
            {
                cancellation.ThrowIfCancellationRequested();
                _ = Loss(network, rows);
                network.Backward(rows.Length);
                network.Step(step, (float)(_recipe.LearningRate * 0.5 * (1 + Math.Cos(Math.PI * step / steps))), (float)_recipe.WeightDecay);
                step++;
            }
            var loss = validation.Chunk(_recipe.BatchExamples).Sum(rows => Loss(network, rows)) / validation.Length;
            if (!double.IsFinite(loss))
                throw new GuardException(GuardFault.Usage, $"The training diverged in epoch {epoch + 1}. --learning-rate is {_recipe.LearningRate}; choose a lower one.");
            if (loss < bestLoss)
                (best, bestLoss, bestEpoch) = (Copy(network), loss, epoch);
        }
        var head = Export(best, mean, deviation, center, spread);
        return (head, new([.. validation.Select(at => (float)head.Of(hidden.AsSpan(at * _width, _width)))], [.. validation.Select(at => targets[at])], _areLabels));

        double Loss(CriticNetwork forward, int[] rows)
        {
            for (var row = 0; row < rows.Length; row++)
            {
                var input = forward.Inputs.AsSpan(row * _width, _width);
                TensorPrimitives.Subtract(hidden.AsSpan(rows[row] * _width, _width), mean, input);
                TensorPrimitives.Divide(input, deviation, input);
            }
            forward.Forward(rows.Length);
            var sum = 0.0;
            for (var row = 0; row < rows.Length; row++)
            {
                var (output, target) = ((double)forward.Outputs[row * 2], (targets[rows[row]] - center) / spread);
                var error = _areLabels ? CriticNetwork.Sigmoid((float)output) - target : output - target;
                sum += _areLabels ? Math.Max(output, 0) - output * target + Math.Log(1 + Math.Exp(-Math.Abs(output))) : error * error / 2;
                forward.OutputGradients[row * 2] = (float)(error / rows.Length);
                forward.OutputGradients[row * 2 + 1] = 0; // A head has one output.
            }
            return sum;
        }
    }

    private static DenseLayer[] Copy(CriticNetwork network) => [.. network.Layers.Select(static layer => new DenseLayer([.. layer.Weight], [.. layer.Bias]))];

    // All answers to a prompt stand on one side.
    private (int[] Training, int[] Validation) Split(IReadOnlyList<HeadExample> examples)
    {
        var prompts = examples.Select(static example => example.Prompt).Distinct().ToArray();
        new SplitMix(_recipe.Seed).Shuffle<string>(prompts);
        var held = prompts[(prompts.Length - (int)Math.Round(prompts.Length * _recipe.ValidationShare))..].ToHashSet();
        int[] Of(bool isHeld) => [.. Enumerable.Range(0, examples.Count).Where(at => held.Contains(examples[at].Prompt) == isHeld)];
        var (training, validation) = (Of(false), Of(true));
        return training.Length > 0 && validation.Length > 0
            ? (training, validation)
            : throw new GuardException(GuardFault.Usage, $"Of {prompts.Length} prompts a validation share of {_recipe.ValidationShare} leaves nothing to train on or to validate; give more prompts, or another --validation-share.");
    }

    private (float[] Mean, float[] Deviation) Moments(float[] hidden, int[] rows)
    {
        var (sum, squares) = (new double[_width], new double[_width]);
        foreach (var row in rows)
            for (var at = 0; at < _width; at++)
            {
                var value = (double)hidden[row * _width + at];
                sum[at] += value;
                squares[at] += value * value;
            }
        var mean = sum.Select(value => value / rows.Length).ToArray();
        // What never varied says nothing: divided by infinity it is 0, and so is its weight.
        return ([.. mean.Select(static value => (float)value)], [.. squares.Select((value, at) => value / rows.Length - mean[at] * mean[at] is > 1e-8 and var variance ? (float)Math.Sqrt(variance) : float.PositiveInfinity)]);
    }

    private static double Spread(IEnumerable<double> values)
    {
        var all = values.ToArray();
        var mean = all.Average();
        return Math.Max(1e-6, Math.Sqrt(all.Average(value => Math.Pow(value - mean, 2))));
    }

    // The standardisation goes into the first layer, the scale of the scores into the last.
    private ScoreHead Export(DenseLayer[] layers, float[] mean, float[] deviation, double center, double spread)
    {
        var first = new DenseLayer([.. layers[0].Weight], [.. layers[0].Bias]);
        for (var unit = 0; unit < first.Outputs; unit++)
            for (var at = 0; at < _width; at++)
            {
                first.Weight[unit * _width + at] /= deviation[at];
                first.Bias[unit] -= first.Weight[unit * _width + at] * mean[at];
            }
        var last = layers.Length == 1 ? first : layers[^1];
        return new()
        {
            Width = _width,
            HiddenWeight = layers.Length == 1 ? [] : first.Weight,
            HiddenBias = layers.Length == 1 ? [] : first.Bias,
            Weight = [.. last.Weight.Take(last.Inputs).Select(weight => (float)(weight * spread))],
            Bias = (float)(last.Bias[0] * spread + center),
        };
    }
}

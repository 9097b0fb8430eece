// The critic's forward pass on the CPU, for all beams at once.

using System.Numerics.Tensors;

namespace InferenceGuard.Compute;

/// <summary>
/// The critic on the CPU. The standardisation is folded into the first layer, and all weights are packed when it is loaded; every
/// layer is one product for all beams, shared between threads where that pays.
/// </summary>
internal sealed class CpuCritic : ICriticEvaluator
{
    // Products with fewer multiplications are done before another thread has woken up.
    private const long MultiplicationsWorthThreads = 4_000_000;

    private readonly CriticWeights _weights;
    private readonly int _vocabularySize;
    private readonly int[] _endTokens;
    private readonly (PackedMatrix Weight, float[] Bias)[] _layers;
    private readonly ParallelWork _product;
    private readonly ParallelWork _summaries;
    private readonly int _threads;
    private readonly int _widest;
    private float[] _input = [];
    private float[] _output = [];
    private float[] _logits = [];
    private PackedMatrix _right;
    private int _rows;
    private int _panelsPerPiece;

    /// <param name="weights">The network.</param>
    /// <param name="vocabularySize">V.</param>
    /// <param name="endTokens">Tokens that end an answer.</param>
    /// <param name="threads">Most threads at work; 0 = one per core.</param>
    public CpuCritic(CriticWeights weights, int vocabularySize, ReadOnlySpan<int> endTokens, int threads = 0)
    {
        (_weights, _vocabularySize, _endTokens) = (weights, vocabularySize, endTokens.ToArray());
        _threads = threads == 0 ? Environment.ProcessorCount : threads;
        _layers = [.. weights.Layers.Append(weights.Heads).Select((layer, index) => Pack(index == 0 ? Fold(layer, weights) : layer))];
        _widest = Math.Max(weights.InputWidth, weights.Layers.Max(static layer => layer.Outputs));
        _right = _layers[0].Weight;
        _product = new(piece => MatrixProduct.Add(
            _input, _right.Rows, 1, _right, _output, _rows, piece * _panelsPerPiece, Math.Min(_right.Panels, (piece + 1) * _panelsPerPiece)));
        _summaries = new(beam => LogitSummary.Of(_logits.AsSpan(beam * _vocabularySize, _vocabularySize), _endTokens, _input.AsSpan(beam * _weights.InputWidth + _weights.HiddenWidth)));
    }

    /// <inheritdoc />
    public void Evaluate(
        ReadOnlySpan<float> logits, ReadOnlySpan<float> hidden, ReadOnlySpan<int> rows, ReadOnlySpan<float> states,
        ReadOnlySpan<float> progress, ReadOnlySpan<float> earned, Span<float> safe, Span<float> rewards)
    {
        Reserve(rows.Length);
        var width = _weights.InputWidth;
        for (var beam = 0; beam < rows.Length; beam++)
        {
            var input = _input.AsSpan(beam * width, width);
            hidden.Slice(rows[beam] * _weights.HiddenWidth, _weights.HiddenWidth).CopyTo(input);
            input[^3] = states[beam] / _weights.Budget;
            input[^2] = progress[beam];
            input[^1] = earned[beam];
        }
        Summarise(logits, rows);
        Forward(rows.Length);
        for (var beam = 0; beam < rows.Length; beam++)
        {
            (safe[beam], rewards[beam]) = (1 / (1 + MathF.Exp(-_input[beam * 2])), _input[beam * 2 + 1]);
            if (!float.IsFinite(_input[beam * 2]) || !float.IsFinite(rewards[beam]))
                throw new GuardException(GuardFault.Generation, $"The critic predicts {safe[beam]} and {rewards[beam]} for beam {beam}; both must be finite. The generation was stopped rather than continued unguarded.");
        }
    }

    /// <summary>The network alone, for measurements.</summary>
    /// <param name="inputs">float32[beams, H + 10], not standardised.</param>
    /// <param name="outputs">Out: the logit of f¹ and f², float32[beams, 2].</param>
    public void Evaluate(ReadOnlySpan<float> inputs, Span<float> outputs)
    {
        var beams = outputs.Length / 2;
        Reserve(beams);
        inputs.CopyTo(_input);
        Forward(beams);
        _input.AsSpan(0, outputs.Length).CopyTo(outputs);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _product.Dispose();
        _summaries.Dispose();
    }

    /// <summary>The first layer on inputs as they are: (x − mean) / std · Wᵀ + b = x · (W / std)ᵀ + (b − W · mean / std).</summary>
    public static DenseLayer Fold(DenseLayer layer, CriticWeights weights)
    {
        var (weight, bias) = (new float[layer.Weight.Length], new float[layer.Bias.Length]);
        for (var unit = 0; unit < layer.Outputs; unit++)
        {
            var row = weight.AsSpan(unit * layer.Inputs, layer.Inputs);
            TensorPrimitives.Divide(layer.Weight.AsSpan(unit * layer.Inputs, layer.Inputs), weights.Deviation, row);
            var shift = 0.0;
            for (var at = 0; at < row.Length; at++)
                shift += (double)row[at] * weights.Mean[at];
            bias[unit] = (float)(layer.Bias[unit] - shift);
        }
        return new(weight, bias);
    }

    private static (PackedMatrix, float[]) Pack(DenseLayer layer)
    {
        var packed = new PackedMatrix(layer.Inputs, layer.Outputs);
        packed.Pack(layer.Weight, 1, layer.Inputs);
        return (packed, layer.Bias);
    }

    private void Reserve(int beams)
    {
        if (_input.Length < beams * _widest)
            (_input, _output) = (new float[beams * _widest], new float[beams * _widest]);
    }

    private void Summarise(ReadOnlySpan<float> logits, ReadOnlySpan<int> rows)
    {
        // Threads cannot share a span, and a copy of what they read is cheap beside the exponentials.
        if (_threads > 1 && (long)rows.Length * _vocabularySize > MultiplicationsWorthThreads / 16)
        {
            if (_logits.Length < rows.Length * _vocabularySize)
                _logits = new float[rows.Length * _vocabularySize];
            for (var beam = 0; beam < rows.Length; beam++)
                logits.Slice(rows[beam] * _vocabularySize, _vocabularySize).CopyTo(_logits.AsSpan(beam * _vocabularySize));
            _summaries.Run(rows.Length, _threads);
            return;
        }
        for (var beam = 0; beam < rows.Length; beam++)
            LogitSummary.Of(logits.Slice(rows[beam] * _vocabularySize, _vocabularySize), _endTokens, _input.AsSpan(beam * _weights.InputWidth + _weights.HiddenWidth));
    }

    // From the inputs in _input to the heads in _input.
    private void Forward(int rows)
    {
        for (var index = 0; index < _layers.Length; index++)
        {
            (_right, var bias) = _layers[index];
            _rows = rows;
            for (var row = 0; row < rows; row++)
                bias.CopyTo(_output.AsSpan(row * bias.Length));
            if (_threads > 1 && (long)rows * _right.Rows * _right.Columns >= MultiplicationsWorthThreads)
            {
                // A few pieces per thread, so that an interrupted one does not keep the others waiting for long.
                _panelsPerPiece = Math.Max(1, _right.Panels / (4 * _threads));
                _product.Run((_right.Panels + _panelsPerPiece - 1) / _panelsPerPiece, _threads);
            }
            else
                MatrixProduct.Add(_input, _right.Rows, 1, _right, _output, rows, 0, _right.Panels);
            if (index + 1 < _layers.Length)
            {
                var linear = _output.AsSpan(0, rows * bias.Length);
                var active = _input.AsSpan(0, rows * bias.Length);
                TensorPrimitives.Sigmoid<float>(linear, active);
                TensorPrimitives.Multiply<float>(active, linear, active);
            }
            else
                (_input, _output) = (_output, _input);
        }
    }
}

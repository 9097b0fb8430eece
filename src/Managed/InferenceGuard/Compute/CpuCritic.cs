// The critic's forward pass on the CPU, for all beams at once.

using System.Numerics.Tensors;
using System.Runtime.Intrinsics;

namespace InferenceGuard.Compute;

/// <summary>
/// The critic on the CPU. The standardisation is folded into the first layer, and all weights are packed when it is loaded; every
/// layer is one product for all beams, shared between threads where that pays.
/// </summary>
internal sealed class CpuCritic : IDisposable
{
    // Products with fewer multiplications are done before another thread has woken up.
    private const long MultiplicationsWorthThreads = 4_000_000;

    private readonly CriticWeights _weights;
    private readonly int _vocabularySize;
    private readonly int[] _endTokens;
    private readonly (PackedMatrix Weight, float[] Bias)[] _layers;
    private readonly ParallelWork _panels;
    private readonly ParallelWork _summaries;
    private readonly int _threads;
    private readonly int _widest;
    private float[] _input = [];
    private float[] _source = []; // What the next layer reads.
    private float[] _output = [];
    private float[] _logits = [];
    private (PackedMatrix Weight, float[] Bias) _layer;
    private int _rows;

    /// <param name="weights">The network.</param>
    /// <param name="vocabularySize">V.</param>
    /// <param name="endTokens">Tokens that end an answer.</param>
    /// <param name="threads">Most threads at work; 0 = one per core.</param>
    public CpuCritic(CriticWeights weights, int vocabularySize, ReadOnlySpan<int> endTokens, int threads = 0)
    {
        (_weights, _vocabularySize, _endTokens) = (weights, vocabularySize, endTokens.ToArray());
        _threads = threads == 0 ? Environment.ProcessorCount : threads;
        _layers = [.. weights.Layers.Select((layer, index) => Pack(index == 0 ? Fold(layer, weights) : layer))];
        _widest = Math.Max(weights.InputWidth, weights.Layers.Max(static layer => layer.Outputs));
        _panels = new(Panel);
        _summaries = new(beam => LogitSummary.Of(_logits.AsSpan(beam * _vocabularySize, _vocabularySize), _endTokens, SummaryOf(beam)));
    }

    /// <summary>Predicts for all beams at once (M5).</summary>
    /// <param name="logits">float32[rows, V] of a decode.</param>
    /// <param name="hidden">float32[rows, H] of the same decode.</param>
    /// <param name="means">Mean of h over each beam's answer so far, the present position included, float32[beams, H].</param>
    /// <param name="rows">Row of each beam, [beams].</param>
    /// <param name="states">z per beam, [beams].</param>
    /// <param name="progress">Used share of D per beam, in [0, 1], [beams].</param>
    /// <param name="earned">Reward of each beam's text so far, [beams].</param>
    /// <param name="safe">Out: f¹ = P(z_T ≥ 0) per beam, [beams].</param>
    /// <param name="rewards">Out: f² = E[γ^(T−t) R | z_T ≥ 0] per beam, [beams].</param>
    /// <exception cref="GuardException">An input or a prediction is not finite: an error, never "safe".</exception>
    public void Evaluate(
        ReadOnlySpan<float> logits, ReadOnlySpan<float> hidden, ReadOnlySpan<float> means, ReadOnlySpan<int> rows, ReadOnlySpan<float> states,
        ReadOnlySpan<float> progress, ReadOnlySpan<float> earned, Span<float> safe, Span<float> rewards)
    {
        Reserve(rows.Length);
        var width = _weights.InputWidth;
        for (var beam = 0; beam < rows.Length; beam++)
        {
            var input = _input.AsSpan(beam * width, width);
            hidden.Slice(rows[beam] * _weights.HiddenWidth, _weights.HiddenWidth).CopyTo(input);
            means.Slice(beam * _weights.HiddenWidth, _weights.HiddenWidth).CopyTo(input[_weights.HiddenWidth..]);
            input[^3] = states[beam] / _weights.Budget;
            input[^2] = progress[beam];
            input[^1] = earned[beam];
        }
        Summarise(logits, rows);
        Forward(_input, rows.Length);
        for (var beam = 0; beam < rows.Length; beam++)
        {
            // Above zero, so that a threshold of zero rejects nothing.
            (safe[beam], rewards[beam]) = (Math.Max(float.Epsilon, 1 / (1 + MathF.Exp(-_input[beam * 2]))), _input[beam * 2 + 1]);
            if (!float.IsFinite(_input[beam * 2]) || !float.IsFinite(rewards[beam]))
                throw new GuardException(GuardFault.Generation, $"The critic predicts {safe[beam]} and {rewards[beam]} for beam {beam}; both must be finite. The generation was stopped rather than continued unguarded.");
        }
    }

    /// <summary>The network alone, for measurements.</summary>
    /// <param name="inputs">float32[beams, 2 H + 10], not standardised.</param>
    /// <param name="outputs">Out: the logit of f¹ and f², float32[beams, 2].</param>
    public void Evaluate(float[] inputs, Span<float> outputs)
    {
        var beams = outputs.Length / 2;
        Reserve(beams);
        Forward(inputs, beams);
        _input.AsSpan(0, outputs.Length).CopyTo(outputs);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _panels.Dispose();
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

    private Span<float> SummaryOf(int beam) => _input.AsSpan(beam * _weights.InputWidth + 2 * _weights.HiddenWidth, LogitSummary.Width);

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
            LogitSummary.Of(logits.Slice(rows[beam] * _vocabularySize, _vocabularySize), _endTokens, SummaryOf(beam));
    }

    // From inputs, which may lie in _input, to the heads in _input.
    private void Forward(float[] inputs, int rows)
    {
        (_source, _rows) = (inputs, rows);
        foreach (var layer in _layers)
        {
            _layer = layer;
            var panels = layer.Weight.Panels;
            if (_threads > 1 && (long)rows * layer.Weight.Rows * layer.Weight.Columns >= MultiplicationsWorthThreads)
                _panels.Run(panels, _threads);
            else
                for (var panel = 0; panel < panels; panel++)
                    Panel(panel);
            (_input, _output) = (_output, _input);
            _source = _input;
        }
        var (heads, width) = (_weights.Heads, _weights.Heads.Inputs);
        for (var row = 0; row < rows; row++)
            for (var head = 0; head < heads.Outputs; head++)
                _output[row * heads.Outputs + head] = heads.Bias[head] + Dot(_input.AsSpan(row * width, width), heads.Weight.AsSpan(head * width, width));
        (_input, _output) = (_output, _input);
    }

    // A panel's units of a hidden layer, for all beams.
    private void Panel(int panel)
    {
        var (weight, bias) = _layer;
        var from = panel * PackedMatrix.PanelWidth;
        var units = Math.Min(PackedMatrix.PanelWidth, weight.Columns - from);
        for (var row = 0; row < _rows; row++)
            bias.AsSpan(from, units).CopyTo(_output.AsSpan(row * weight.Columns + from));
        MatrixProduct.Add(_source, weight.Rows, 1, weight, _output, _rows, panel, panel + 1);
        for (var row = 0; row < _rows; row++)
            Activate(_output.AsSpan(row * weight.Columns + from, units));
    }

    // SiLU: x / (1 + e⁻ˣ).
    private static void Activate(Span<float> values)
    {
        var at = 0;
        for (; at + Vector256<float>.Count <= values.Length; at += Vector256<float>.Count)
        {
            var x = Vector256.Create<float>(values[at..]);
            (x / (Vector256<float>.One + Vector256.Exp(-x))).CopyTo(values[at..]);
        }
        for (; at < values.Length; at++)
            values[at] /= 1 + MathF.Exp(-values[at]);
    }

    // Adds in an order that the length alone decides, unlike TensorPrimitives.Dot, where it depends on the address.
    private static float Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        const int Width = 8, Sums = 4; // Sums that do not wait for each other.
        var (first, second, third, fourth) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
        var at = 0;
        for (; at + Sums * Width <= x.Length; at += Sums * Width)
        {
            first = Vector256.FusedMultiplyAdd(Vector256.Create(x[at..]), Vector256.Create(y[at..]), first);
            second = Vector256.FusedMultiplyAdd(Vector256.Create(x[(at + Width)..]), Vector256.Create(y[(at + Width)..]), second);
            third = Vector256.FusedMultiplyAdd(Vector256.Create(x[(at + 2 * Width)..]), Vector256.Create(y[(at + 2 * Width)..]), third);
            fourth = Vector256.FusedMultiplyAdd(Vector256.Create(x[(at + 3 * Width)..]), Vector256.Create(y[(at + 3 * Width)..]), fourth);
        }
        var total = Vector256.Sum(first + second + third + fourth);
        for (; at < x.Length; at++)
            total += x[at] * y[at];
        return total;
    }
}

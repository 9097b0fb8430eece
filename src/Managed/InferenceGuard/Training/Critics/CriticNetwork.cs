// The critic's network while it is trained: forward, backward, and the optimiser's state.

using System.Numerics.Tensors;
using InferenceGuard.Compute;

namespace InferenceGuard.Training.Critics;

/// <summary>
/// The two-headed network of <see cref="CriticWeights"/> on standardised inputs, with gradients and AdamW (Loshchilov and Hutter 2019).
/// Threads share the columns of products, so that the result depends on nothing but the inputs.
/// </summary>
internal sealed class CriticNetwork
{
    private const long MultiplicationsWorthThreads = 4_000_000;
    private const float FirstDecay = 0.9f, SecondDecay = 0.999f, Small = 1e-8f;

    private readonly DenseLayer[] _layers; // Hidden layers, then the heads.
    private readonly DenseLayer[] _gradients;
    private readonly PackedMatrix[] _forward;  // Wᵀ of every layer, packed anew at every use.
    private readonly PackedMatrix[] _backward; // W of every layer.
    private readonly float[][] _linear;    // W x + b of every layer, [rows, out].
    private readonly float[][] _active;    // Inputs of every layer, [rows, in].
    private readonly float[][] _back;      // ∂L/∂(W x + b) of every layer, [rows, out].
    private readonly List<(float[] Value, float[] Gradient, float[] First, float[] Second, bool Decays)> _state = [];

    /// <param name="layers">The hidden layers and the heads; trained in place.</param>
    /// <param name="maxRows">Most rows of a batch.</param>
    public CriticNetwork(IEnumerable<DenseLayer> layers, int maxRows)
    {
        _layers = [.. layers];
        _gradients = [.. _layers.Select(static layer => new DenseLayer(new float[layer.Weight.Length], new float[layer.Bias.Length]))];
        _forward = [.. _layers.Select(static layer => new PackedMatrix(layer.Inputs, layer.Outputs))];
        _backward = [.. _layers.Select(static layer => new PackedMatrix(layer.Outputs, layer.Inputs))];
        _linear = [.. _layers.Select(layer => new float[maxRows * layer.Outputs])];
        _active = [.. _layers.Select(layer => new float[maxRows * layer.Inputs])];
        _back = [.. _layers.Select(layer => new float[maxRows * layer.Outputs])];
        foreach (var (layer, gradient) in _layers.Zip(_gradients))
        {
            _state.Add((layer.Weight, gradient.Weight, new float[layer.Weight.Length], new float[layer.Weight.Length], true));
            _state.Add((layer.Bias, gradient.Bias, new float[layer.Bias.Length], new float[layer.Bias.Length], false));
        }
    }

    /// <summary>Layers to begin with: uniform with variance 1 / inputs; heads of zeros, so that the first predictions are the means.</summary>
    public static IEnumerable<DenseLayer> Begin(int inputs, IReadOnlyList<int> hidden, ulong seed)
    {
        var random = new SplitMix(seed);
        foreach (var width in hidden)
        {
            var weight = new float[inputs * width];
            random.FillUniform(weight, (float)Math.Sqrt(12.0 / inputs));
            yield return new(weight, new float[width]);
            inputs = width;
        }
        yield return new(new float[inputs * 2], new float[2]);
    }

    /// <summary>Every array that a checkpoint must hold: weights, and the optimiser's first and second moments.</summary>
    public IEnumerable<float[]> State => _state.SelectMany(static part => (float[][])[part.Value, part.First, part.Second]);

    /// <summary>Where a batch's inputs go: float32[rows, inputs], standardised.</summary>
    public float[] Inputs => _active[0];

    /// <summary>Predictions of the last <see cref="Forward"/>: float32[rows, 2], the logit of f¹ and the standardised f².</summary>
    public ReadOnlySpan<float> Outputs => _linear[^1];

    /// <summary>Where the loss's gradient by the outputs goes before <see cref="Backward"/>: float32[rows, 2].</summary>
    public float[] OutputGradients => _back[^1];

    /// <summary>The gradients of the last <see cref="Backward"/>, layer by layer.</summary>
    public IReadOnlyList<DenseLayer> Gradients => _gradients;

    /// <summary>The weights, layer by layer, the heads last.</summary>
    public IReadOnlyList<DenseLayer> Layers => _layers;

    /// <summary>1 / (1 + e^−x).</summary>
    public static float Sigmoid(float x) => 1 / (1 + MathF.Exp(-x));

    /// <summary>Computes <see cref="Outputs"/> from <see cref="Inputs"/>.</summary>
    public void Forward(int rows)
    {
        for (var index = 0; index < _layers.Length; index++)
        {
            var (layer, linear) = (_layers[index], _linear[index]);
            for (var row = 0; row < rows; row++)
                layer.Bias.CopyTo(linear, row * layer.Outputs);
            Add(_active[index], layer.Inputs, 1, _forward[index], layer.Weight, 1, layer.Inputs, linear, rows);
            if (index + 1 == _layers.Length)
                return;
            var y = linear.AsSpan(0, rows * layer.Outputs);
            var active = _active[index + 1].AsSpan(0, rows * layer.Outputs);
            TensorPrimitives.Sigmoid<float>(y, active);
            TensorPrimitives.Multiply<float>(active, y, active);
        }
    }

    /// <summary>Computes <see cref="Gradients"/> from <see cref="OutputGradients"/> and the last <see cref="Forward"/>.</summary>
    public void Backward(int rows)
    {
        for (var index = _layers.Length - 1; index >= 0; index--)
        {
            var (layer, gradient, back) = (_layers[index], _gradients[index], _back[index]);
            Array.Clear(gradient.Weight);
            Array.Clear(gradient.Bias);
            for (var row = 0; row < rows; row++)
                TensorPrimitives.Add<float>(gradient.Bias, back.AsSpan(row * layer.Outputs, layer.Outputs), gradient.Bias);
            Add(back, 1, layer.Outputs, new(rows, layer.Inputs), _active[index], layer.Inputs, 1, gradient.Weight, layer.Outputs);
            if (index == 0)
                return;
            var (below, linear) = (_back[index - 1], _linear[index - 1]);
            below.AsSpan(0, rows * layer.Inputs).Clear();
            Add(back, layer.Outputs, 1, _backward[index], layer.Weight, layer.Inputs, 1, below, rows);
            for (var at = 0; at < rows * layer.Inputs; at++)
            {
                var sigmoid = Sigmoid(linear[at]);
                below[at] *= sigmoid * (1 + linear[at] * (1 - sigmoid)); // d/dy of y · sigmoid(y)
            }
        }
    }

    // C += A · B, the panels of B shared among threads: no element depends on which of them computes it.
    private static void Add(float[] a, int aRow, int aColumn, PackedMatrix b, float[] source, int rowStride, int columnStride, float[] c, int rows)
    {
        b.Pack(source, rowStride, columnStride);
        if ((long)rows * b.Rows * b.Columns < MultiplicationsWorthThreads)
            MatrixProduct.Add(a, aRow, aColumn, b, c, rows, 0, b.Panels);
        else
            Parallel.For(0, b.Panels, panel => MatrixProduct.Add(a, aRow, aColumn, b, c, rows, panel, panel + 1));
    }

    /// <summary>One step of AdamW along the last gradients.</summary>
    /// <param name="step">Steps done so far, from 0.</param>
    /// <param name="rate">Learning rate.</param>
    /// <param name="decay">Decoupled weight decay.</param>
    public void Step(int step, float rate, float decay)
    {
        var (first, second) = (1 - MathF.Pow(FirstDecay, step + 1), 1 - MathF.Pow(SecondDecay, step + 1));
        foreach (var (value, gradient, m, v, decays) in _state)
            for (var at = 0; at < value.Length; at++)
            {
                m[at] = FirstDecay * m[at] + (1 - FirstDecay) * gradient[at];
                v[at] = SecondDecay * v[at] + (1 - SecondDecay) * gradient[at] * gradient[at];
                value[at] -= rate * (m[at] / first / (MathF.Sqrt(v[at] / second) + Small) + (decays ? decay * value[at] : 0));
            }
    }
}

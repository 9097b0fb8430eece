// A critic in device memory, and the launches of its forward pass.

using InferenceGuard.Interop.Cuda;

namespace InferenceGuard.Compute;

/// <summary>A critic in device memory, and the launches of its forward pass. All calls need the context to be current.</summary>
internal sealed class CudaCritic : IDisposable
{
    private const int Step = 32; // Rows of weights and inputs are padded to a multiple of this.
    private const int LatentThreads = 512, LayerThreads = 128, ActivationThreads = 256, TileUnits = 64;
    private const long HalfFrom = 1 << 20; // Weights; 4 MiB in float32.

    private readonly CudaContext _context;
    private readonly CriticWeights _weights;
    private readonly bool _isHalf;
    private readonly int _vocabularySize;
    private readonly int _endCount;
    private readonly int _multiprocessors;
    private readonly int _tileBeams;
    private readonly CudaKernel _latents, _layer, _activation, _heads;
    private readonly CudaMemory<float> _mean, _inverseDeviation, _headWeights, _headBias;
    private readonly CudaMemory<int> _endTokens;
    private readonly List<(CudaMemory<byte> Weights, CudaMemory<float> Bias)> _layers = [];
    private readonly List<IDisposable> _owned = [];
    private readonly CudaArray<float> _partial;
    private readonly CudaArray<byte> _even, _odd; // Inputs of the layers with an even and an odd number.

    public CudaCritic(
        CudaContext context, CudaStream stream, KernelCompiler compiler, CudaDeviceInfo device, CriticWeights weights, CriticPrecision precision,
        int vocabularySize, ReadOnlySpan<int> endTokens)
    {
        (_context, _weights, _vocabularySize, _endCount, _multiprocessors) = (context, weights, vocabularySize, endTokens.Length, device.Multiprocessors);
        _isHalf = precision == CriticPrecision.F16 || (precision == CriticPrecision.Auto && weights.Layers.Sum(static layer => (long)layer.Weight.Length) > HalfFrom);
        var hasTensorCores = _isHalf && device.Capability >= 80;
        _tileBeams = hasTensorCores ? 64 : 32;
        try
        {
            _latents = Own(compiler.Compile("latent_features", "latent_features", _isHalf));
            _layer = Own(hasTensorCores ? compiler.Compile("critic_layer_mma", "critic_layer_mma", isHalf: true) : compiler.Compile("critic_layer", "critic_layer", _isHalf));
            _activation = Own(compiler.Compile("critic_activation", "critic_activation", _isHalf));
            _heads = Own(compiler.Compile("critic_heads", "critic_heads", _isHalf));
            (_mean, _inverseDeviation) = (Copy<float>(weights.Mean, stream), Copy<float>([.. weights.Deviation.Select(static deviation => 1 / deviation)], stream));
            (_headWeights, _headBias) = (Copy<float>(weights.Heads.Weight, stream), Copy<float>(weights.Heads.Bias, stream));
            _endTokens = Copy(endTokens, stream);
            foreach (var layer in weights.Layers)
                _layers.Add((Copy<byte>(Pad(layer), stream), Copy<float>(layer.Bias, stream)));
            (_partial, _even, _odd) = (Own(new CudaArray<float>(context, isStaged: false)), Own(new CudaArray<byte>(context, isStaged: false)), Own(new CudaArray<byte>(context, isStaged: false)));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>H.</summary>
    public int HiddenWidth => _weights.HiddenWidth;

    /// <summary>V.</summary>
    public int VocabularySize => _vocabularySize;

    /// <summary>Makes room for so many beams; not while a graph is recorded.</summary>
    public void Reserve(int beams)
    {
        var number = _isHalf ? sizeof(ushort) : sizeof(float);
        _even.Reserve((long)beams * number * Enumerable.Range(0, _weights.Layers.Count + 1).Where(static layer => layer % 2 == 0).Max(Stride));
        _odd.Reserve((long)beams * number * Enumerable.Range(0, _weights.Layers.Count + 1).Where(static layer => layer % 2 == 1).Max(Stride));
        _partial.Reserve(Enumerable.Range(0, _weights.Layers.Count).Max(layer => (long)Slices(layer, beams).Count * beams * _weights.Layers[layer].Outputs));
    }

    /// <summary>Queues the forward pass, from the latents to f¹ and f² of every live candidate.</summary>
    /// <param name="at">Where the block's end lies in device memory.</param>
    /// <param name="beams">Most live beams; <see cref="Reserve"/> was called for them.</param>
    /// <param name="stream">The queue.</param>
    public void Queue(in CudaBlockEndPlaces at, int beams, CudaStream stream)
    {
        var arguments = new KernelArguments();
        arguments.Add(at.Header);
        arguments.Add(at.Logits);
        arguments.Add(_vocabularySize);
        arguments.Add(at.Hidden);
        arguments.Add(HiddenWidth);
        arguments.Add(at.Means);
        arguments.Add(at.Rows);
        arguments.Add(at.Live);
        arguments.Add(at.States);
        arguments.Add(at.Progress);
        arguments.Add(at.Earned);
        arguments.Add(_endTokens);
        arguments.Add(_endCount);
        arguments.Add(_mean);
        arguments.Add(_inverseDeviation);
        arguments.Add(_weights.Budget);
        arguments.Add(_even.Device);
        arguments.Add(Stride(0));
        arguments.Add(at.Status);
        _latents.Launch(arguments, (beams, 1, 1), LatentThreads, stream);
        for (var layer = 0; layer < _layers.Count; layer++)
            QueueLayer(layer, at.Header, beams, stream);

        arguments = new();
        arguments.Add(at.Header);
        arguments.Add(InputsOf(_layers.Count));
        arguments.Add(_headWeights);
        arguments.Add(_headBias);
        arguments.Add(at.Live);
        arguments.Add(at.Growths);
        arguments.Add(at.Safe);
        arguments.Add(at.Values);
        arguments.Add(at.Status);
        arguments.Add(_weights.Heads.Inputs);
        arguments.Add(Stride(_layers.Count));
        _heads.Launch(arguments, (Ceiling(beams, LayerThreads / 32), 1, 1), LayerThreads, stream);
    }

    public void Dispose()
    {
        foreach (var part in _owned)
            part.Dispose();
    }

    private T Own<T>(T part)
        where T : IDisposable
    {
        _owned.Add(part);
        return part;
    }

    private CudaMemory<T> Copy<T>(ReadOnlySpan<T> values, CudaStream stream)
        where T : unmanaged
    {
        var memory = Own(new CudaMemory<T>(_context, values.Length));
        memory.CopyFrom(values, stream);
        return memory;
    }

    private void QueueLayer(int layer, nint header, int beams, CudaStream stream)
    {
        var (slices, length) = Slices(layer, beams);
        var units = _weights.Layers[layer].Outputs;
        var arguments = new KernelArguments();
        arguments.Add(header);
        arguments.Add(InputsOf(layer));
        arguments.Add(_layers[layer].Weights);
        arguments.Add(_partial.Device);
        arguments.Add(Stride(layer));
        arguments.Add(units);
        arguments.Add(length);
        arguments.Add(beams);
        _layer.Launch(arguments, (Ceiling(units, TileUnits), Ceiling(beams, _tileBeams), slices), LayerThreads, stream);

        arguments = new();
        arguments.Add(header);
        arguments.Add(_partial.Device);
        arguments.Add(_layers[layer].Bias);
        arguments.Add(InputsOf(layer + 1));
        arguments.Add(slices);
        arguments.Add(units);
        arguments.Add(Stride(layer + 1));
        arguments.Add(beams);
        _activation.Launch(arguments, (Ceiling(Stride(layer + 1), ActivationThreads), beams, 1), ActivationThreads, stream);
    }

    private CudaMemory<byte> InputsOf(int layer) => (layer % 2 == 0 ? _even : _odd).Device;

    // Numbers from one beam's input of a layer to the next one's; that of the heads is the last.
    private int Stride(int layer) => Ceiling(layer == 0 ? _weights.InputWidth : _weights.Layers[layer - 1].Outputs, Step) * Step;

    // So many slices of the inputs that every multiprocessor has about two blocks, but none of less than 128 inputs.
    private (int Count, int Length) Slices(int layer, int beams)
    {
        var (stride, tiles) = (Stride(layer), Ceiling(_weights.Layers[layer].Outputs, TileUnits) * Ceiling(beams, _tileBeams));
        var length = Ceiling(Math.Max(4 * Step, Ceiling(stride, Ceiling(2 * _multiprocessors, tiles))), Step) * Step;
        return (Ceiling(stride, length), length);
    }

    private byte[] Pad(DenseLayer layer)
    {
        var (width, number) = (Ceiling(layer.Inputs, Step) * Step, _isHalf ? sizeof(ushort) : sizeof(float));
        var bytes = new byte[(long)layer.Outputs * width * number];
        for (var unit = 0; unit < layer.Outputs; unit++)
            for (var at = 0; at < layer.Inputs; at++)
            {
                var target = bytes.AsSpan((unit * width + at) * number);
                var value = layer.Weight[unit * layer.Inputs + at];
                if (_isHalf)
                    BitConverter.TryWriteBytes(target, (Half)value);
                else
                    BitConverter.TryWriteBytes(target, value);
            }
        return bytes;
    }

    private static int Ceiling(int value, int unit) => (value + unit - 1) / unit;
}

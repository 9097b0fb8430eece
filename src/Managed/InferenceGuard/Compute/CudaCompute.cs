// The search's arithmetic on an NVIDIA GPU, in our own kernels.

using System.Globalization;
using System.Runtime.InteropServices;
using InferenceGuard.Interop.Cuda;

namespace InferenceGuard.Compute;

/// <summary>
/// The search's arithmetic on an NVIDIA GPU: kernels compiled for the card at hand, one stream, no host round trip within a step. It shares
/// the device's primary context with llama.cpp. A device error ends the generation; nothing falls back to another device in its midst.
/// </summary>
public sealed class CudaCompute : ICompute
{
    // The sampling kernel adds weights up as integers of 44 bits.
    private const int MostTokens = 1 << 19;
    private const int SampleThreads = 1024, PenaltyThreads = 256;

    private readonly CudaContext _context;
    private readonly CudaStream _stream;
    private readonly CudaDeviceInfo _device;
    private readonly KernelCompiler _compiler;
    private readonly CriticPrecision _precision;
    private readonly CudaKernel _sample;
    private readonly CudaKernel _tokenPenalty;
    private readonly CudaArray<float> _logits;
    private readonly CudaArray<float> _penalties;
    private readonly CudaArray<int> _inputs; // Counters, rows, and the penalties' tokens and amounts.
    private readonly CudaArray<int> _outputs; // Tokens, log-probabilities and statuses.

    /// <summary>Opens a GPU.</summary>
    /// <param name="ordinal">Its number, from 0, as CUDA counts.</param>
    /// <param name="precision">In which numbers critics are held.</param>
    /// <param name="binding">What calls the driver; null is our own binding.</param>
    /// <exception cref="GuardException">There is no such GPU, its driver is missing or too old, or the kernels cannot be compiled.</exception>
    public CudaCompute(int ordinal, CriticPrecision precision = CriticPrecision.Auto, CudaBinding? binding = null)
        : this(CudaContext.Open(binding ?? CudaBinding.Own, ordinal), precision, static (context, device) => new(context, device))
    {
    }

    /// <summary>Takes an opened GPU, and disposes it with itself or if it cannot be made.</summary>
    internal CudaCompute(CudaContext context, CriticPrecision precision, Func<CudaContext, CudaDeviceInfo, KernelCompiler> compiler)
    {
        (_context, _precision) = (context, precision);
        (_logits, _penalties) = (new(context, isStaged: false), new(context, isStaged: false));
        (_inputs, _outputs) = (new(context, isStaged: true), new(context, isStaged: true));
        try
        {
            using var scope = context.Enter();
            _device = CudaDeviceInfo.Of(context.Binding, context.Ordinal);
            _compiler = compiler(context, _device);
            _stream = new(context);
            _sample = _compiler.Compile("sample", "sample_f32");
            _tokenPenalty = _compiler.Compile("token_penalty", "token_penalty_f32");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Why no GPU can be used, for people; null if one can.</summary>
    /// <param name="binding">What calls the driver; null is our own binding.</param>
    public static string? WhyNot(CudaBinding? binding = null) => CudaDeviceInfo.WhyNone(binding ?? CudaBinding.Own);

    /// <summary>The GPUs that CUDA knows, a line each, for people.</summary>
    /// <param name="binding">What calls the driver; null is our own binding.</param>
    public static IReadOnlyList<string> Devices(CudaBinding? binding = null) => [.. CudaDeviceInfo.All(binding ?? CudaBinding.Own).Select(static device => string.Create(
        CultureInfo.InvariantCulture,
        $"cuda:{device.Ordinal} {device.Name}, compute capability {device.Capability / 10}.{device.Capability % 10}, {device.TotalBytes >> 20} MiB, driver for CUDA {device.Driver}"))];

    /// <summary>What makes the kernels, for people: NVRTC and its version, or the build's own PTX.</summary>
    /// <param name="binding">What calls NVRTC; null is our own binding.</param>
    public static string Compiler(CudaBinding? binding = null) => KernelCompiler.Describe(binding ?? CudaBinding.Own);

    /// <inheritdoc />
    public string Device => string.Create(CultureInfo.InvariantCulture, $"cuda:{_device.Ordinal} ({_device.Name}, sm_{_device.Capability})");

    /// <summary>For measuring: the context, the stream that everything is queued on, what makes kernels, and the device.</summary>
    internal (CudaContext Context, CudaStream Stream, KernelCompiler Compiler, CudaDeviceInfo Info) Parts => (_context, _stream, _compiler, _device);

    /// <inheritdoc />
    public void Sample(
        ReadOnlySpan<float> logits, int vocabularySize, ReadOnlySpan<int> rows, ReadOnlySpan<PhiloxCounter> counters,
        in SamplingOptions options, ReadOnlySpan<TokenPenalty> penalties, Span<int> tokens, Span<float> logProbs)
    {
        if (vocabularySize > MostTokens)
            throw new GuardException(GuardFault.Environment, $"The vocabulary has {vocabularySize} tokens; sampling on a GPU takes at most {MostTokens}. Use --device cpu.");
        if (rows.IsEmpty)
            return;
        using var scope = _context.Enter();
        Upload(logits, vocabularySize, rows, counters, penalties);
        var draws = rows.Length;
        var (counterAt, rowAt, penaltyAt) = Places(draws);
        if (!penalties.IsEmpty)
            SetPenalties(penaltyAt, penalties.Length, 1);
        var arguments = new KernelArguments();
        arguments.Add(_logits.Device);
        arguments.Add(vocabularySize);
        arguments.Add(At(_inputs, rowAt));
        arguments.Add(At(_inputs, counterAt));
        arguments.Add(_penalties.Device);
        arguments.Add(penalties.IsEmpty ? 0 : 1);
        arguments.Add(options.Temperature);
        arguments.Add(options.TopK);
        arguments.Add(options.TopP);
        arguments.Add(options.MinP);
        for (var output = 0; output < 3; output++)
            arguments.Add(At(_outputs, output * draws));
        _sample.Launch(arguments, (draws, 1, 1), SampleThreads, _stream);
        if (!penalties.IsEmpty)
            SetPenalties(penaltyAt, penalties.Length, 0);
        _outputs.Download(3 * draws, _stream);
        _stream.Synchronize();
        var drawn = _outputs.Host;
        if (drawn.Slice(2 * draws, draws).ContainsAnyExcept(0))
            throw new GuardException(GuardFault.Generation, "The model's logits have no largest number; they must be numbers. The model file is damaged or its weights overflow.");
        drawn[..draws].CopyTo(tokens);
        MemoryMarshal.Cast<int, float>(drawn.Slice(draws, draws)).CopyTo(logProbs);
    }

    /// <inheritdoc />
    public IBlockEnd OpenBlockEnd(CriticWeights? critic, int vocabularySize, ReadOnlySpan<int> endTokens)
    {
        using var scope = _context.Enter();
        return new CudaBlockEnd(
            _context, _stream, _compiler, critic is null ? null : new CudaCritic(_context, _stream, _compiler, _device, critic, _precision, vocabularySize, endTokens));
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var part in (IDisposable?[])[_logits, _penalties, _inputs, _outputs, _sample, _tokenPenalty, _stream])
            part?.Dispose();
        _context.Dispose();
    }

    internal static nint At(CudaArray<int> array, int element) => array.Device.Pointer + element * sizeof(int);

    // Counters come first: they have 8-byte parts.
    private static (int Counters, int Rows, int Penalties) Places(int draws) => (0, 6 * draws, 7 * draws);

    private void Upload(ReadOnlySpan<float> logits, int vocabularySize, ReadOnlySpan<int> rows, ReadOnlySpan<PhiloxCounter> counters, ReadOnlySpan<TokenPenalty> penalties)
    {
        var draws = rows.Length;
        var last = 0;
        foreach (var row in rows)
            last = Math.Max(last, row);
        var used = logits[..((last + 1) * vocabularySize)];
        _logits.Reserve(used.Length);
        if (_penalties.Reserve(vocabularySize))
            _penalties.Device.Clear(_stream);
        _inputs.Reserve(7 * draws + 2 * penalties.Length);
        _outputs.Reserve(3 * draws);
        _logits.Device.CopyFrom(used, _stream);
        var (counterAt, rowAt, penaltyAt) = Places(draws);
        var host = _inputs.Host;
        MemoryMarshal.Cast<PhiloxCounter, int>(counters).CopyTo(host[counterAt..]);
        rows.CopyTo(host[rowAt..]);
        for (var at = 0; at < penalties.Length; at++)
            (host[penaltyAt + at], host[penaltyAt + penalties.Length + at]) = (penalties[at].Token, BitConverter.SingleToInt32Bits(penalties[at].Amount));
        _inputs.Upload(7 * draws + 2 * penalties.Length, _stream);
    }

    private void SetPenalties(int at, int count, float scale)
    {
        var arguments = new KernelArguments();
        arguments.Add(At(_inputs, at));
        arguments.Add(At(_inputs, at + count));
        arguments.Add(_penalties.Device);
        arguments.Add(count);
        arguments.Add(scale);
        _tokenPenalty.Launch(arguments, ((count + PenaltyThreads - 1) / PenaltyThreads, 1, 1), PenaltyThreads, _stream);
    }
}

// The end of a block on an NVIDIA GPU: one graph from the uploaded candidates to the kept ones.

using System.Runtime.InteropServices;
using InferenceGuard.Interop.Cuda;

namespace InferenceGuard.Compute;

/// <summary>
/// The end of a block on an NVIDIA GPU. The latents of the last decode are copied; then one graph uploads the candidates, charges,
/// predicts, scores and selects them, and downloads what came out. The graph is recorded again only when a batch has another capacity.
/// </summary>
internal sealed class CudaBlockEnd : IBlockEnd
{
    private const int HeaderWords = 8, StatusWords = 4, MostThreads = 1024;
    private const int IgnoresStates = 1, HasCritic = 2;
    private const int NoFault = int.MaxValue;

    // In the order of block_end.cuh.
    private static readonly string[] s_faults = ["cost or safety state", "model's logits", "critic's prediction", "reward"];

    private readonly CudaContext _context;
    private readonly CudaStream _stream;
    private readonly CudaCritic? _critic;
    private readonly CudaKernel _update;
    private readonly CudaKernel _select;
    private readonly CudaArray<int> _inputs, _outputs;
    private readonly CudaArray<float> _logits, _hidden, _means;
    private CudaGraph? _graph;
    private int _capacity, _steps;

    /// <param name="context">The device's context, which must be current.</param>
    /// <param name="stream">The queue; it outlives the block's end.</param>
    /// <param name="compiler">Makes the kernels.</param>
    /// <param name="critic">Disposed with the block's end, and if that cannot be made; or null.</param>
    public CudaBlockEnd(CudaContext context, CudaStream stream, KernelCompiler compiler, CudaCritic? critic)
    {
        (_context, _stream, _critic) = (context, stream, critic);
        (_inputs, _outputs) = (new(context, isStaged: true), new(context, isStaged: true));
        (_logits, _hidden, _means) = (new(context, isStaged: false), new(context, isStaged: false), new(context, isStaged: false));
        try
        {
            _update = compiler.Compile("safety_update", "safety_update_f32");
            _select = compiler.Compile("beam_score_select", "beam_score_select_f32");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public void Run(BlockEndBatch batch, in BlockEndRules rules, ReadOnlySpan<float> logits, ReadOnlySpan<float> hidden)
    {
        using var scope = _context.Enter();
        batch.KeptCount = 0;
        UploadLatents(batch, logits, hidden);
        Prepare(batch);
        Write(batch, rules);
        _graph!.Launch(_stream);
        _stream.Synchronize();
        Read(batch, rules);
    }

    /// <summary>Queues the graph of the last <see cref="Run"/> once more, on what is in device memory; for measuring.</summary>
    internal void Repeat() => _graph!.Launch(_stream);

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var part in (IDisposable?[])[_graph, _critic, _update, _select, _inputs, _outputs, _logits, _hidden, _means])
            part?.Dispose();
    }

    private int InputWords => HeaderWords + (3 + _steps + 5) * _capacity;

    private int OutputWords => 5 * _capacity + StatusWords;

    // Only the rows that a live candidate reads, up to the last of them.
    private void UploadLatents(BlockEndBatch batch, ReadOnlySpan<float> logits, ReadOnlySpan<float> hidden)
    {
        if (_critic is null)
            return;
        var rows = 0;
        foreach (var row in batch.Rows.AsSpan(0, batch.LiveCount))
            rows = Math.Max(rows, row + 1);
        // Room for every candidate's row at once, so that the graph's pointers last.
        var most = Math.Max(rows, batch.Capacity);
        var moved = _logits.Reserve((long)most * _critic.VocabularySize) | _hidden.Reserve((long)most * _critic.HiddenWidth) | _means.Reserve((long)most * _critic.HiddenWidth);
        if (moved)
            Forget();
        _logits.Device.CopyFrom(logits[..(rows * _critic.VocabularySize)], _stream);
        _hidden.Device.CopyFrom(hidden[..(rows * _critic.HiddenWidth)], _stream);
        _means.Device.CopyFrom(batch.Means.AsSpan(0, batch.LiveCount * _critic.HiddenWidth), _stream);
    }

    private void Prepare(BlockEndBatch batch)
    {
        if (_graph is null || (_capacity, _steps) != (batch.Capacity, batch.Steps))
            Record(batch);
    }

    private void Record(BlockEndBatch batch)
    {
        Forget();
        (_capacity, _steps) = (batch.Capacity, batch.Steps);
        _inputs.Reserve(InputWords);
        _outputs.Reserve(OutputWords);
        _critic?.Reserve(_capacity);
        var sharedBytes = 2 * _capacity * sizeof(float);
        _select.AllowSharedBytes(sharedBytes);
        var at = Places();
        _graph = CudaGraph.Record(_context, _stream, () =>
        {
            _inputs.Upload(InputWords, _stream);
            QueueUpdate(at);
            _critic?.Queue(at, _capacity, _stream);
            QueueSelect(at, sharedBytes);
            _outputs.Download(OutputWords, _stream);
        });
    }

    private void Forget()
    {
        _graph?.Dispose();
        _graph = null;
    }

    private CudaBlockEndPlaces Places()
    {
        nint Input(int part) => CudaCompute.At(_inputs, HeaderWords + part * _capacity);
        nint Output(int part) => CudaCompute.At(_outputs, part * _capacity);
        return new()
        {
            Header = CudaCompute.At(_inputs, 0), StatesBefore = Input(0), ValuesBefore = Input(1), Charges = Input(2),
            Live = Input(3), Rows = Input(4), Progress = Input(5), Earned = Input(6), Growths = Input(7), Costs = Input(8),
            Logits = _critic is null ? 0 : _logits.Device.Pointer, Hidden = _critic is null ? 0 : _hidden.Device.Pointer, Means = _critic is null ? 0 : _means.Device.Pointer,
            States = Output(0), Safe = Output(1), Values = Output(2), Scores = Output(3), Kept = Output(4), Status = Output(5),
        };
    }

    private void QueueUpdate(in CudaBlockEndPlaces at)
    {
        var arguments = new KernelArguments();
        foreach (var pointer in (ReadOnlySpan<nint>)[at.Header, at.Charges, at.Costs, at.StatesBefore, at.ValuesBefore, at.States, at.Values, at.Safe, at.Status])
            arguments.Add(pointer);
        arguments.Add(_capacity);
        _update.Launch(arguments, (1, 1, 1), Threads, _stream);
    }

    private void QueueSelect(in CudaBlockEndPlaces at, int sharedBytes)
    {
        var arguments = new KernelArguments();
        foreach (var pointer in (ReadOnlySpan<nint>)[at.Header, at.States, at.Safe, at.Values, at.Scores, at.Kept, at.Status])
            arguments.Add(pointer);
        _select.Launch(arguments, (1, 1, 1), Threads, _stream, sharedBytes);
    }

    private int Threads => Math.Min(MostThreads, (_capacity + 31) / 32 * 32);

    private void Write(BlockEndBatch batch, in BlockEndRules rules)
    {
        var words = _inputs.Host;
        words[0] = batch.Count;
        words[1] = _critic is null ? 0 : batch.LiveCount;
        words[2] = Math.Min(rules.Keep, batch.Count);
        words[3] = (rules.IgnoresStates ? IgnoresStates : 0) | (rules.HasCritic ? HasCritic : 0);
        (words[4], words[5], words[6]) = (Bits(rules.Discount), Bits(rules.Threshold), Bits(rules.Penalty));
        Copy(batch.States, batch.Count, 0);
        Copy(batch.Values, batch.Count, 1);
        batch.Charges.AsSpan(0, batch.Count).CopyTo(Part(2));
        batch.Live.AsSpan(0, batch.LiveCount).CopyTo(Part(3));
        batch.Rows.AsSpan(0, batch.LiveCount).CopyTo(Part(4));
        Copy(batch.Progress, batch.LiveCount, 5);
        Copy(batch.Earned, batch.LiveCount, 6);
        Copy(batch.Growths, batch.LiveCount, 7);
        Copy(batch.Costs, batch.Costs.Length, 8);

        void Copy(float[] values, int count, int part) => MemoryMarshal.Cast<float, int>(values.AsSpan(0, count)).CopyTo(Part(part));
        static int Bits(float value) => BitConverter.SingleToInt32Bits(value);
    }

    private Span<int> Part(int part) => _inputs.Host[(HeaderWords + part * _capacity)..];

    private void Read(BlockEndBatch batch, in BlockEndRules rules)
    {
        var status = _outputs.Host.Slice(5 * _capacity, StatusWords);
        for (var kind = 0; kind < StatusWords; kind++)
            if (status[kind] != NoFault)
                throw new GuardException(GuardFault.Generation, $"The {s_faults[kind]} of beam {status[kind]} is not finite. The generation was stopped rather than continued unguarded.");
        Copy(0, batch.States);
        Copy(1, batch.Safe);
        Copy(2, batch.Values);
        Copy(3, batch.Scores);
        batch.KeptCount = Math.Min(rules.Keep, batch.Count);
        _outputs.Host.Slice(4 * _capacity, batch.KeptCount).CopyTo(batch.Kept);

        void Copy(int part, float[] values) => MemoryMarshal.Cast<int, float>(_outputs.Host.Slice(part * _capacity, batch.Count)).CopyTo(values);
    }
}

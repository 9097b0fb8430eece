// Steps ggml's AdamW over a training graph on the CPU.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace InferenceGuard.Interop.Llama;

/// <summary>
/// A network in training: fill the inputs, then <see cref="Train"/> or <see cref="Evaluate"/>. One caller at a time. The
/// optimiser's moments live here and end with it.
/// </summary>
internal sealed unsafe class LlamaTrainingSession : IDisposable
{
    private const int CpuDevice = 0;
    private const int CrossEntropy = 2;
    private const int MaxNodes = 2048;

    private readonly LlamaTrainingShape _shape;
    private readonly SafeGgmlHandle _backend;
    private readonly SafeGgmlHandle _scheduler;
    private readonly LlamaTrainingGraph _graph;
    private readonly SafeGgmlHandle _optimiser;
    private readonly SafeGgmlHandle _result;
    private readonly GgmlOptOptimizerParams[] _parameters = GC.AllocateArray<GgmlOptOptimizerParams>(1, pinned: true);

    /// <param name="shape">Sizes, already validated: ggml ends the process on impossible ones.</param>
    /// <param name="threads">Threads of each operation.</param>
    /// <exception cref="GuardException">llama.cpp cannot be loaded, or memory is short.</exception>
    public LlamaTrainingSession(LlamaTrainingShape shape, int threads)
    {
        LlamaLoader.Load();
        _shape = shape;
        var device = GgmlNative.BackendDevByType(CpuDevice);
        _backend = new SafeGgmlHandle(GgmlNative.BackendDevInit(device, 0), GgmlNative.BackendFree);
        var setThreads = (delegate* unmanaged[Cdecl]<nint, int, void>)GgmlNative.BackendRegGetProcAddress(
            GgmlNative.BackendDevBackendReg(device), "ggml_backend_set_n_threads");
        if (setThreads is not null)
            setThreads(_backend.Value, threads);

        var backend = _backend.Value;
        _scheduler = new SafeGgmlHandle(GgmlNative.BackendSchedNew(&backend, null, 1, MaxNodes, 0, 0), GgmlNative.BackendSchedFree);
        _graph = new LlamaTrainingGraph(shape, backend);

        var parameters = GgmlNative.OptDefaultParams(_scheduler.Value, CrossEntropy);
        parameters.CtxCompute = _graph.ComputeContext;
        parameters.Inputs = _graph.Tokens;
        parameters.Outputs = _graph.Logits;
        _parameters[0] = GgmlNative.OptGetDefaultOptimizerParams(null);
        parameters.GetOptPars = &Parameters;
        parameters.GetOptParsUserData = Unsafe.AsPointer(ref _parameters[0]);
        _optimiser = new SafeGgmlHandle(GgmlNative.OptInit(parameters), GgmlNative.OptFree);
        _result = new SafeGgmlHandle(GgmlNative.OptResultInit(), GgmlNative.OptResultFree);
    }

    /// <summary>Names of the weights, as in a GGUF file.</summary>
    public IEnumerable<string> WeightNames => _graph.WeightNames;

    /// <summary>The values of a weight, in GGUF order; may be written between steps.</summary>
    public Span<float> Weight(string name) => _graph.Weight(name);

    /// <summary>Token ids, int[rows · row tokens]; padding may be any token.</summary>
    public Span<int> Tokens => LlamaTrainingGraph.Values<int>(_graph.Tokens);

    /// <summary>Positions, int[rows · row tokens].</summary>
    public Span<int> Positions => LlamaTrainingGraph.Values<int>(_graph.Positions);

    /// <summary>0 where a token may look, −∞ elsewhere: float[rows, query, key].</summary>
    public Span<float> Attention => LlamaTrainingGraph.Values<float>(_graph.Attention);

    /// <summary>One optimiser step on the inputs.</summary>
    /// <param name="targets">The token after each token, int[rows · row tokens]; negative where it does not count.</param>
    /// <param name="learningRate">AdamW's α, above 0: ggml ends the process otherwise.</param>
    /// <param name="beta2">AdamW's decay of squared gradients.</param>
    /// <param name="weightDecay">AdamW's weight decay, 0 to 1.</param>
    /// <returns>Mean cross-entropy in nats over the targets that count, before the step.</returns>
    public double Train(ReadOnlySpan<int> targets, double learningRate, double beta2, double weightDecay)
    {
        ref var adamW = ref _parameters[0];
        (adamW.AdamWAlpha, adamW.AdamWBeta2, adamW.AdamWWeightDecay) = ((float)learningRate, (float)beta2, (float)weightDecay);
        return Run(targets, backward: 1);
    }

    /// <summary>The mean cross-entropy of the inputs; changes nothing.</summary>
    /// <param name="targets">As in <see cref="Train"/>.</param>
    public double Evaluate(ReadOnlySpan<int> targets) => Run(targets, backward: 0);

    public void Dispose()
    {
        _result.Dispose();
        _optimiser.Dispose();
        _graph.Dispose();
        _scheduler.Dispose();
        _backend.Dispose();
    }

    private double Run(ReadOnlySpan<int> targets, byte backward)
    {
        GgmlNative.OptAlloc(_optimiser.Value, backward);
        var count = SetTargets(targets);
        GgmlNative.OptResultReset(_result.Value);
        GgmlNative.OptEval(_optimiser.Value, _result.Value);
        double loss;
        GgmlNative.OptResultLoss(_result.Value, &loss, null);
        return loss * _shape.StepTokens / Math.Max(1, count);
    }

    private int SetTargets(ReadOnlySpan<int> targets)
    {
        var labels = LlamaTrainingGraph.Values<float>(GgmlNative.OptLabels(_optimiser.Value));
        var counted = LlamaTrainingGraph.Values<float>(_graph.Counted);
        labels.Clear();
        var count = 0;
        for (var i = 0; i < counted.Length; i++)
        {
            var counts = targets[i] >= 0;
            counted[i] = counts ? 1 : 0;
            if (!counts)
                continue;
            labels.Slice(i * _shape.VocabularySize, _shape.VocabularySize)[targets[i]] = 1;
            count++;
        }

        return count;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static GgmlOptOptimizerParams Parameters(void* userData) => *(GgmlOptOptimizerParams*)userData;
}

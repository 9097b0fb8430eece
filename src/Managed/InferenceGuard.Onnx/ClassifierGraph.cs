// The network of a classifier: an ONNX file, opened and checked.

using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace InferenceGuard.Onnx;

/// <summary>
/// A network that takes token ids and gives one logit per label. Inputs run one at a time, without padding: a dynamically
/// quantised network scales a whole batch at once, and no kernel promises a row the same last bits whatever the number of rows.
/// On a CPU an input runs on one thread, and inputs run side by side.
/// </summary>
internal sealed class ClassifierGraph : IDisposable
{
    /// <summary>Names of execution providers.</summary>
    public const string Cpu = "cpu", Cuda = "cuda";

    private const string Ids = "input_ids", Mask = "attention_mask", Segments = "token_type_ids";

    private readonly string _path;
    private readonly InferenceSession _session;
    private readonly string _output;
    private readonly int _labels;
    private readonly int _parallelism;

    /// <summary>Opens a file.</summary>
    /// <param name="path">The ONNX file.</param>
    /// <param name="labels">How many labels it must know.</param>
    /// <param name="provider"><see cref="Cpu"/> or <see cref="Cuda"/>.</param>
    /// <exception cref="GuardException">It is broken, wants other inputs, or the provider is not there.</exception>
    public ClassifierGraph(string path, int labels, string provider)
    {
        (_path, _labels, _parallelism) = (path, labels, provider == Cpu ? Environment.ProcessorCount : 1);
        _session = Open(path, provider);
        try
        {
            CheckInputs();
            _output = FindOutput();
        }
        catch
        {
            _session.Dispose();
            throw;
        }
    }

    /// <summary>Computes the logits of each input.</summary>
    /// <param name="inputs">The inputs.</param>
    /// <returns>[inputs.Count][labels].</returns>
    /// <exception cref="GuardException">The network failed.</exception>
    public float[][] Run(IReadOnlyList<ClassifierInput> inputs)
    {
        var logits = new float[inputs.Count][];
        if (inputs.Count == 1)
            logits[0] = Run(inputs[0]);
        else
            Parallel.For(0, inputs.Count, new() { MaxDegreeOfParallelism = _parallelism }, index => logits[index] = Run(inputs[index]));
        return logits;
    }

    /// <inheritdoc />
    public void Dispose() => _session.Dispose();

    private float[] Run(ClassifierInput input)
    {
        var values = _session.InputMetadata.ToDictionary(static declared => declared.Key, declared => Tensor(
            declared.Key switch { Ids => input.Ids, Segments => input.Segments, _ => Ones(input.Ids.Length) }, declared.Value.ElementDataType));
        try
        {
            using var options = new RunOptions();
            using var outputs = _session.Run(options, values, [_output]);
            var shape = outputs[0].GetTensorTypeAndShape().Shape;
            if (shape is not [1, var labels] || labels != _labels)
                throw Error($"output {_output} has the shape [{string.Join(", ", shape)}], and id2label names {_labels} labels; a classifier gives [inputs, labels]");
            return outputs[0].GetTensorTypeAndShape().ElementDataType == TensorElementType.Float
                ? outputs[0].GetTensorDataAsSpan<float>().ToArray()
                : Array.ConvertAll(outputs[0].GetTensorDataAsSpan<Float16>().ToArray(), static half => half.ToFloat());
        }
        catch (OnnxRuntimeException e)
        {
            throw Error($"ONNX Runtime failed on {input.Ids.Length} tokens: {OneLine(e)}", GuardFault.Generation, e);
        }
        finally
        {
            foreach (var value in values.Values)
                value.Dispose();
        }
    }

    private static InferenceSession Open(string path, string provider)
    {
        if (provider == Cuda && !OrtEnv.Instance().GetAvailableProviders().Contains("CUDAExecutionProvider"))
            throw new GuardException(GuardFault.Environment, "provider=cuda needs ONNX Runtime's CUDA build, which is not part of this one; build with -p:OnnxBackend=cuda, or leave provider away.");
        try
        {
            using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
            if (provider == Cuda)
                options.AppendExecutionProvider_CUDA();
            return new(path, options);
        }
        catch (OnnxRuntimeException e)
        {
            throw new GuardException(GuardFault.Environment, $"{path} cannot be opened with ONNX Runtime ({provider}): {OneLine(e)}.", e);
        }
        catch (Exception e) when (e is TypeInitializationException or DllNotFoundException or EntryPointNotFoundException)
        {
            throw new GuardException(GuardFault.Environment, $"ONNX Runtime's library cannot be loaded: {(e.InnerException ?? e).Message} Build inferenceguard again for this machine.", e);
        }
    }

    private void CheckInputs()
    {
        var known = new[] { Ids, Mask, Segments };
        if (_session.InputNames.Except(known).ToArray() is { Length: > 0 } others)
            throw Error($"the network wants the inputs {string.Join(", ", others)}, which a text classifier does not have; known are {string.Join(", ", known)}");
        if (!_session.InputNames.Contains(Ids))
            throw Error($"the network has no input {Ids}");
        foreach (var (name, input) in _session.InputMetadata)
        {
            if (input.ElementDataType is not (TensorElementType.Int64 or TensorElementType.Int32))
                throw Error($"input {name} is {input.ElementDataType}; it must be Int64 or Int32");
            if (input.Dimensions is not [var batch, var length] || batch > 1 || length >= 0)
                throw Error($"input {name} has the shape [{string.Join(", ", input.Dimensions)}]; both axes must be of any length (-1): export it with dynamic axes");
        }
    }

    private string FindOutput()
    {
        var name = _session.OutputNames switch
        {
            [var only] => only,
            var names when names.Contains("logits") => "logits",
            var names => throw Error($"the network has the outputs {string.Join(", ", names)}; one of them must be called logits"),
        };
        var output = _session.OutputMetadata[name];
        if (output.ElementDataType is not (TensorElementType.Float or TensorElementType.Float16))
            throw Error($"output {name} is {output.ElementDataType}; it must be Float or Float16");
        if (output.Dimensions is not [_, var labels] || (labels >= 0 && labels != _labels))
            throw Error($"output {name} has the shape [{string.Join(", ", output.Dimensions)}], and id2label names {_labels} labels; a classifier gives [inputs, labels]");
        return name;
    }

    private static OrtValue Tensor(long[] values, TensorElementType type) => type == TensorElementType.Int64
        ? OrtValue.CreateTensorValueFromMemory(values, [1, values.Length])
        : OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(values, static value => (int)value), [1, values.Length]);

    private static long[] Ones(int length)
    {
        var ones = new long[length];
        Array.Fill(ones, 1);
        return ones;
    }

    private GuardException Error(string complaint, GuardFault fault = GuardFault.Environment, Exception? inner = null) => new(fault, $"{_path}: {complaint}.", inner);

    private static string OneLine(Exception e) => e.Message.ReplaceLineEndings(" ").TrimEnd('.', ' ');
}

// Reads tensor data of a GGUF file as float32.

using InferenceGuard.Model;

namespace InferenceGuard.Training;

/// <summary>Reads tensors of one GGUF file: F32, F16, Q8_0 and Q4_0.</summary>
internal sealed class TensorReader : IDisposable
{
    private readonly GgufFile _file;
    private readonly FileStream _stream;
    private readonly Dictionary<string, GgufTensor> _tensors;

    /// <exception cref="GuardException">The file cannot be opened.</exception>
    public TensorReader(GgufFile file)
    {
        _file = file;
        _tensors = file.Tensors.ToDictionary(static tensor => tensor.Name, StringComparer.Ordinal);
        try
        {
            _stream = File.OpenRead(file.Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GuardException(GuardFault.Environment, $"The model file '{file.Path}' cannot be read: {e.Message}.", e);
        }
    }

    /// <summary>The values of a tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="values">Receives all of them.</param>
    /// <exception cref="GuardException">The tensor is missing, of another size or of a format not decoded here.</exception>
    public void Read(string name, Span<float> values)
    {
        if (!_tensors.TryGetValue(name, out var tensor))
            throw Unusable($"it has no tensor {name}");
        if (tensor.ElementCount != values.Length)
            throw Unusable($"tensor {name} has {tensor.ElementCount} elements, expected {values.Length}");
        var bytes = new byte[tensor.SizeBytes];
        _stream.Position = _file.DataOffsetBytes + tensor.OffsetBytes;
        _stream.ReadExactly(bytes);
        try
        {
            TensorEncoding.Decode(tensor.Type, bytes, values);
        }
        catch (ArgumentException e)
        {
            throw Unusable($"tensor {name}: {e.Message}");
        }
    }

    public void Dispose() => _stream.Dispose();

    private GuardException Unusable(string what) => new(GuardFault.Usage, $"{_file.Path} cannot be trained further: {what}. Give a model that this trainer made.");
}

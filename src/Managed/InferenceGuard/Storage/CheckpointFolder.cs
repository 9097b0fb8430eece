// The tensors of a Hugging Face checkpoint, however they are spread over files.

using System.Text.Json;

namespace InferenceGuard.Storage;

/// <summary>
/// A folder with <c>config.json</c> and the tensors of a model: <c>model.safetensors</c> or <c>pytorch_model.bin</c>, or shards of either with an index. Of a file only
/// what is asked for is read; a shard that nothing is asked of may be missing.
/// </summary>
public sealed class CheckpointFolder
{
    private static readonly string[] s_files = ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"];

    private readonly Dictionary<string, string> _fileOf = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Shard> _shards = new(StringComparer.Ordinal);

    private CheckpointFolder(string path, JsonElement config) => (Path, Config) = (path, config);

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The object of <c>config.json</c>.</summary>
    public JsonElement Config { get; }

    /// <summary>The names of all tensors.</summary>
    public IReadOnlyCollection<string> Names => _fileOf.Keys;

    /// <summary>The tensors of all files that are there.</summary>
    /// <exception cref="GuardException">A file is malformed.</exception>
    public IEnumerable<CheckpointTensor> Present =>
        _fileOf.Values.Distinct().Where(file => File.Exists(PathOf(file))).SelectMany(file => Load(file).Tensors.Values);

    /// <summary>Opens a folder.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="GuardException">It has no configuration or no tensors, or one of these is malformed.</exception>
    public static CheckpointFolder Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var file = Array.Find(s_files, file => File.Exists(System.IO.Path.Combine(path, file)))
            ?? throw new GuardException(GuardFault.Usage, $"The folder '{path}' holds no checkpoint; expected config.json and one of {string.Join(", ", s_files)}.");
        var folder = new CheckpointFolder(path, Json(System.IO.Path.Combine(path, "config.json")));
        if (file.EndsWith(".json", StringComparison.Ordinal))
            folder.ReadIndex(folder.PathOf(file));
        else
            foreach (var name in folder.Load(file).Tensors.Keys)
                folder._fileOf[name] = file;
        return folder;
    }

    /// <summary>A tensor that <see cref="Names"/> has.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="GuardException">Its file is missing, malformed, or does not hold it.</exception>
    public CheckpointTensor Find(string name)
    {
        var file = _fileOf[name];
        if (!File.Exists(PathOf(file)))
            throw new GuardException(GuardFault.Environment, $"The tensor {name} lies in '{PathOf(file)}', which is not there; put that file of the checkpoint into the folder.");
        return Load(file).Tensors.GetValueOrDefault(name) ?? throw SafetensorsFile.Malformed(PathOf(file), $"the index says that it holds {name}, and it does not");
    }

    /// <summary>Reads a tensor as float32.</summary>
    /// <param name="tensor">A tensor of this folder.</param>
    /// <exception cref="GuardException">It is not of a floating-point type, or cannot be read.</exception>
    public float[] Read(CheckpointTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return Load(tensor.File).Read(tensor);
    }

    private static JsonElement Json(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : throw SafetensorsFile.Malformed(path, "it is no JSON object");
        }
        catch (JsonException e)
        {
            throw SafetensorsFile.Malformed(path, $"it is no JSON ({e.Message.TrimEnd('.')})", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GuardException(GuardFault.Environment, $"The file '{path}' cannot be read: {e.Message} A checkpoint needs it.", e);
        }
    }

    private void ReadIndex(string path)
    {
        if (!Json(path).TryGetProperty("weight_map", out var map) || map.ValueKind != JsonValueKind.Object)
            throw SafetensorsFile.Malformed(path, "it has no weight_map");
        foreach (var entry in map.EnumerateObject())
            // A name only: an index leads to no other folder.
            _fileOf[entry.Name] = entry.Value.ValueKind == JsonValueKind.String && entry.Value.GetString() is { } file && file == System.IO.Path.GetFileName(file) && !file.Contains('\\', StringComparison.Ordinal)
                ? file
                : throw SafetensorsFile.Malformed(path, $"it says that {entry.Name} lies in {entry.Value}, which is no name of a file");
    }

    private Shard Load(string file)
    {
        if (_shards.TryGetValue(file, out var open))
            return open;
        if (file.EndsWith(".safetensors", StringComparison.Ordinal))
        {
            var tensors = SafetensorsFile.Read(PathOf(file));
            open = new(tensors.Tensors.Values.ToDictionary(static tensor => tensor.Name, tensor => new CheckpointTensor(tensor.Name, tensor.Type, tensor.Shape, file)),
                tensor => tensors.ReadFloats(tensor.Name, [.. tensor.Shape]));
        }
        else
        {
            var tensors = TorchFile.Read(PathOf(file));
            open = new(tensors.Tensors.ToDictionary(static entry => entry.Key, entry => new CheckpointTensor(entry.Key, entry.Value.Storage.Type, entry.Value.Shape, file)),
                tensor => tensors.ReadFloats(tensor.Name));
        }
        return _shards[file] = open;
    }

    private string PathOf(string file) => System.IO.Path.Combine(Path, file);

    private sealed record Shard(Dictionary<string, CheckpointTensor> Tensors, Func<CheckpointTensor, float[]> Read);
}

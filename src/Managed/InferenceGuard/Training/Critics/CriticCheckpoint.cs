// Where an interrupted training of a critic left off.

using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using InferenceGuard.Compute;
using InferenceGuard.Rollouts;
using InferenceGuard.Storage;

namespace InferenceGuard.Training.Critics;

/// <summary>
/// A safetensors file with the weights, the optimiser's moments, the best weights so far and all epochs: what comes after an
/// interruption is what would have come without it. It is of no use to another recipe or other rollouts.
/// </summary>
internal sealed partial class CriticCheckpoint(string path, CriticRecipe recipe, CriticDataset training)
{
    private const string FingerprintKey = "fingerprint", EpochsKey = "epochs";

    private readonly string _fingerprint = Convert.ToHexStringLower(SHA256.HashData(
        [
            .. JsonSerializer.SerializeToUtf8Bytes(recipe, CheckpointJson.Default.CriticRecipe),
            .. JsonSerializer.SerializeToUtf8Bytes(training.Manifest, CheckpointJson.Default.RolloutManifest),
            .. JsonSerializer.SerializeToUtf8Bytes(training.Count, CheckpointJson.Default.Int32),
        ]));

    /// <summary>Fills network and best weights; null when there is nothing to go on from.</summary>
    public IReadOnlyList<CriticEpoch>? Load(CriticNetwork network, IReadOnlyList<DenseLayer> best)
    {
        if (!File.Exists(path))
            return null;
        var file = SafetensorsFile.Read(path);
        if (file.Metadata.GetValueOrDefault(FingerprintKey) != _fingerprint)
            return null;
        foreach (var (name, values) in Arrays(network, best))
            file.ReadFloats(name, values.Length).CopyTo(values, 0);
        return JsonSerializer.Deserialize(file.Metadata[EpochsKey], CheckpointJson.Default.ListCriticEpoch);
    }

    /// <summary>Writes everything; the file is replaced only when it is complete.</summary>
    public void Save(CriticNetwork network, IReadOnlyList<DenseLayer> best, List<CriticEpoch> epochs)
    {
        var writer = new SafetensorsWriter();
        writer.Metadata[FingerprintKey] = _fingerprint;
        writer.Metadata[EpochsKey] = JsonSerializer.Serialize(epochs, CheckpointJson.Default.ListCriticEpoch);
        foreach (var (name, values) in Arrays(network, best))
            writer.Add<float>(name, values, values.Length);
        writer.Write(path);
    }

    /// <summary>Removes the file.</summary>
    public void Delete() => File.Delete(path);

    private static IEnumerable<(string Name, float[] Values)> Arrays(CriticNetwork network, IReadOnlyList<DenseLayer> best) =>
        [
            .. network.State.Select(static (values, index) => ($"state.{index}", values)),
            .. best.SelectMany(static layer => (float[][])[layer.Weight, layer.Bias]).Select(static (values, index) => ($"best.{index}", values)),
        ];

    [JsonSerializable(typeof(CriticRecipe))]
    [JsonSerializable(typeof(RolloutManifest))]
    [JsonSerializable(typeof(List<CriticEpoch>))]
    [JsonSerializable(typeof(int))]
    private sealed partial class CheckpointJson : JsonSerializerContext;
}

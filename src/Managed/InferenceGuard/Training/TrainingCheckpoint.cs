// Where an interrupted training left off: weights in a GGUF file, the step in a JSON file beside it.

using System.Text.Json;
using System.Text.Json.Serialization;

namespace InferenceGuard.Training;

/// <summary>The files of a checkpoint, named after the model they will become.</summary>
internal sealed partial class TrainingCheckpoint
{
    private readonly string _state;

    /// <param name="modelPath">The finished model's path.</param>
    public TrainingCheckpoint(string modelPath) => (WeightsPath, _state) = (modelPath + ".checkpoint.gguf", modelPath + ".checkpoint.json");

    /// <summary>The F32 weights.</summary>
    public string WeightsPath { get; }

    /// <summary>Steps done by a training with the same fingerprint; null when there is none to continue.</summary>
    /// <param name="fingerprint">Of recipe and corpus.</param>
    public int? Find(string fingerprint)
    {
        if (!File.Exists(_state) || !File.Exists(WeightsPath))
            return null;
        try
        {
            var state = JsonSerializer.Deserialize(File.ReadAllText(_state), StateJson.Default.State);
            return state?.Fingerprint == fingerprint ? state.Step : null;
        }
        catch (JsonException)
        {
            return null; // a half-written state: begin anew
        }
    }

    /// <summary>Notes the step whose weights are in <see cref="WeightsPath"/>.</summary>
    public void Note(string fingerprint, int step) => File.WriteAllText(_state, JsonSerializer.Serialize(new State(fingerprint, step), StateJson.Default.State));

    /// <summary>Removes both files.</summary>
    public void Delete()
    {
        File.Delete(_state);
        File.Delete(WeightsPath);
    }

    internal sealed record State(string Fingerprint, int Step);

    [JsonSourceGenerationOptions(WriteIndented = true)]
    [JsonSerializable(typeof(State))]
    private sealed partial class StateJson : JsonSerializerContext;
}

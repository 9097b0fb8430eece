// A folder of rollouts: what was asked for, an index of trajectories, and their latents.

using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using InferenceGuard.Compute;
using InferenceGuard.Storage;

namespace InferenceGuard.Rollouts;

/// <summary>
/// A folder with <c>manifest.json</c>, <c>index.jsonl</c> (one <see cref="Trajectory"/> per line) and <c>latents/000017.safetensors</c>, one
/// shard per prompt: <c>hidden</c> F16 [positions, H] and <c>summary</c> F32 [positions, 7]. A prompt's shard is written before its
/// lines, both are flushed, and whatever a kill leaves incomplete is dropped at the next opening.
/// </summary>
public sealed class RolloutStore
{
    private const string ManifestName = "manifest.json", IndexName = "index.jsonl", LatentsName = "latents";

    private readonly string _folder;
    private readonly List<Trajectory> _trajectories = [];

    private RolloutStore(string folder, RolloutManifest manifest) => (_folder, Manifest) = (folder, manifest);

    /// <summary>What the rollouts were made from.</summary>
    public RolloutManifest Manifest { get; }

    /// <summary>All complete trajectories, in the order of the prompt file, then of the samples.</summary>
    public IReadOnlyList<Trajectory> Trajectories => _trajectories;

    /// <summary>Opens finished or unfinished rollouts to read them; nothing is changed.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="GuardException">There are none, or their files are wrong.</exception>
    public static RolloutStore Open(string folder)
    {
        var store = Load(folder);
        store.Sort();
        return store;
    }

    /// <summary>Opens rollouts to go on with them, or begins new ones.</summary>
    /// <param name="folder">The folder; made if it does not exist.</param>
    /// <param name="manifest">What is asked for.</param>
    /// <exception cref="GuardException">The folder holds other rollouts, or cannot be written.</exception>
    public static RolloutStore OpenOrBegin(string folder, RolloutManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        if (File.Exists(Path.Combine(folder, ManifestName)))
        {
            var found = Load(folder);
            found.Manifest.Require(folder, manifest);
            found.DropIncomplete();
            return found;
        }
        var store = new RolloutStore(folder, manifest);
        store.Writing(() =>
        {
            Directory.CreateDirectory(Path.Combine(folder, LatentsName));
            var partial = Path.Combine(folder, ManifestName + ".partial");
            File.WriteAllBytes(partial, JsonSerializer.SerializeToUtf8Bytes(manifest, RolloutJson.Default.RolloutManifest));
            File.Move(partial, Path.Combine(folder, ManifestName), overwrite: true);
        });
        return store;
    }

    /// <summary>File name of a prompt's shard.</summary>
    /// <param name="prompt">Its place in the prompt file, from 0.</param>
    public static string ShardName(int prompt) => string.Create(CultureInfo.InvariantCulture, $"{prompt:D6}.safetensors");

    /// <summary>Whether a prompt's trajectories are complete.</summary>
    /// <param name="prompt">Its place in the prompt file, from 0.</param>
    public bool Has(int prompt) => _trajectories.Any(trajectory => trajectory.Shard == ShardName(prompt));

    /// <summary>Adds all trajectories of a prompt, and their latents, for good.</summary>
    /// <param name="trajectories">Its trajectories, one per sample, all with the same shard.</param>
    /// <param name="hidden">float16[Σ positions, H].</param>
    /// <param name="summary">float32[Σ positions, 7].</param>
    /// <exception cref="GuardException">They cannot be written; what was complete before is kept.</exception>
    public void Append(IReadOnlyList<Trajectory> trajectories, ReadOnlySpan<Half> hidden, ReadOnlySpan<float> summary)
    {
        ArgumentNullException.ThrowIfNull(trajectories);
        var positions = summary.Length / LogitSummary.Width;
        var shard = new SafetensorsWriter();
        shard.Add("hidden", hidden, positions, Manifest.HiddenWidth);
        shard.Add("summary", summary, positions, LogitSummary.Width);
        shard.Write(Path.Combine(_folder, LatentsName, trajectories[0].Shard));
        Writing(() =>
        {
            using var stream = new FileStream(Path.Combine(_folder, IndexName), FileMode.Append, FileAccess.Write);
            stream.Write([.. trajectories.SelectMany(static trajectory => JsonSerializer.SerializeToUtf8Bytes(trajectory, RolloutJson.Default.Trajectory).Append((byte)'\n'))]);
            stream.Flush(flushToDisk: true);
        });
        _trajectories.AddRange(trajectories);
        Sort();
    }

    /// <summary>Reads the latents of one trajectory.</summary>
    /// <param name="trajectory">One of <see cref="Trajectories"/>.</param>
    /// <param name="hidden">Out: float16[positions, H].</param>
    /// <param name="summary">Out: float32[positions, 7].</param>
    /// <exception cref="GuardException">The shard is missing, truncated or of another shape.</exception>
    public void ReadLatents(Trajectory trajectory, Span<Half> hidden, Span<float> summary)
    {
        ArgumentNullException.ThrowIfNull(trajectory);
        var file = SafetensorsFile.Read(Path.Combine(_folder, LatentsName, trajectory.Shard));
        Read(file.Require("hidden", -1, Manifest.HiddenWidth), "F16", MemoryMarshal.AsBytes(hidden));
        Read(file.Require("summary", -1, LogitSummary.Width), "F32", MemoryMarshal.AsBytes(summary));

        void Read(SafetensorsTensor tensor, string type, Span<byte> bytes)
        {
            var rowBytes = tensor.SizeBytes / Math.Max(1, tensor.Shape[0]);
            if (tensor.Type != type || trajectory.FirstPosition + trajectory.Positions > tensor.Shape[0])
                throw SafetensorsFile.Malformed(file.Path, $"tensor {tensor.Name} is {tensor.Type} with {tensor.Shape[0]} positions, expected {type} with {trajectory.FirstPosition + trajectory.Positions} or more");
            file.ReadRaw(tensor with { OffsetBytes = tensor.OffsetBytes + trajectory.FirstPosition * rowBytes, SizeBytes = trajectory.Positions * rowBytes }, bytes);
        }
    }

    // With the trajectories in the order of the index.
    private static RolloutStore Load(string folder)
    {
        var path = Path.Combine(folder, ManifestName);
        try
        {
            var manifest = JsonSerializer.Deserialize(File.ReadAllBytes(path), RolloutJson.Default.RolloutManifest)!;
            var store = new RolloutStore(folder, manifest);
            store.ReadIndex();
            return store;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new GuardException(GuardFault.Usage, $"'{folder}' holds no rollouts that can be read: {e.Message.TrimEnd('.')}. Give a folder made by collect.", e);
        }
    }

    private void ReadIndex()
    {
        var path = Path.Combine(_folder, IndexName);
        if (!File.Exists(path))
            return;
        foreach (var line in File.ReadLines(path))
        {
            try
            {
                _trajectories.Add(JsonSerializer.Deserialize(line, RolloutJson.Default.Trajectory)!);
            }
            catch (JsonException)
            {
                break; // A kill tore this line; nothing follows it.
            }
        }
        // A prompt whose lines are not all there, or whose shard is gone, counts as not collected.
        var complete = _trajectories.GroupBy(static trajectory => trajectory.Shard)
            .Where(group => group.Count() == Manifest.PerPrompt && File.Exists(Path.Combine(_folder, LatentsName, group.Key)))
            .Select(static group => group.Key).ToHashSet();
        _trajectories.RemoveAll(trajectory => !complete.Contains(trajectory.Shard));
    }

    // The index anew from what is complete, in the order in which it was collected.
    private void DropIncomplete()
    {
        Writing(() =>
        {
            var partial = Path.Combine(_folder, IndexName + ".partial");
            File.WriteAllBytes(partial, [.. _trajectories.SelectMany(static trajectory => JsonSerializer.SerializeToUtf8Bytes(trajectory, RolloutJson.Default.Trajectory).Append((byte)'\n'))]);
            File.Move(partial, Path.Combine(_folder, IndexName), overwrite: true);
        });
        Sort();
    }

    private void Sort() => _trajectories.Sort(static (one, other) =>
        string.CompareOrdinal(one.Shard, other.Shard) is not 0 and var order ? order : one.Sample.CompareTo(other.Sample));

    private void Writing(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GuardException(GuardFault.Environment, $"The rollouts in '{_folder}' cannot be written: {e.Message} Make room or choose another --out; the same command goes on where this one stopped.", e);
        }
    }
}

// The times of PyTorch on the same card and shapes, as gpu_check_torch.py wrote them.

using System.Text.Json;

namespace InferenceGuard.Benchmarks;

/// <summary>The times of PyTorch on the same card and shapes.</summary>
/// <param name="Title">Which PyTorch, on which device.</param>
/// <param name="Rows">µs by key; null where it could not run.</param>
internal sealed record ComparedTimes(string Title, IReadOnlyDictionary<string, ComparedTimes.Row> Rows)
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web);

    /// <summary>Reads them.</summary>
    /// <param name="path">The file.</param>
    public static ComparedTimes Read(string path) => JsonSerializer.Deserialize<ComparedTimes>(File.ReadAllText(path), s_options)!;

    /// <summary>Eager and compiled.</summary>
    public sealed record Row(double? EagerUs, double? CompiledUs);
}

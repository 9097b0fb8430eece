// Where the embedded world lies in the repository.

using System.Runtime.CompilerServices;
using System.Text.Json;

namespace InferenceGuard.Benchmarks;

/// <summary>Paths of the embedded world's files.</summary>
internal static class HearthFiles
{
    private static readonly string Folder = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", "models", "hearth"));

    /// <summary>The root of the repository.</summary>
    public static string Repository { get; } = Path.GetFullPath(Path.Combine(Folder, "..", ".."));

    public static string Cost => Path.Combine(Folder, "cost.json");

    public static string Reward => Path.Combine(Folder, "reward.json");

    public static string Recipe => Path.Combine(Folder, "recipe", "world.json");

    public static string Classifier => Path.Combine(Folder, "onnx");

    /// <summary>The prompts of a set: train, validation or test.</summary>
    public static string Prompts(string set) => Path.Combine(Folder, "prompts", set + ".jsonl");

    /// <summary>The folder for what benchmarks write; not committed.</summary>
    public static string Artifacts => Path.GetFullPath(Path.Combine(Folder, "..", "..", "artifacts", "benchmarks"));

    /// <summary>The texts of the test prompts.</summary>
    public static string[] TestPrompts() => [.. File.ReadLines(Prompts("test")).Select(static line => JsonDocument.Parse(line).RootElement.GetProperty("prompt").GetString()!)];

    public static string Model(string name) => Path.Combine(Folder, $"hearth-{name}.gguf");

    private static string Here([CallerFilePath] string path = "") => path;
}

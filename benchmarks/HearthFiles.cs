// Where the embedded world lies in the repository.

using System.Runtime.CompilerServices;

namespace InferenceGuard.Benchmarks;

/// <summary>Paths of the embedded world's files.</summary>
internal static class HearthFiles
{
    private static readonly string Folder = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", "models", "hearth"));

    public static string Cost => Path.Combine(Folder, "cost.json");

    public static string Reward => Path.Combine(Folder, "reward.json");

    public static string Recipe => Path.Combine(Folder, "recipe", "world.json");

    public static string Classifier => Path.Combine(Folder, "onnx");

    /// <summary>The prompts of a set: train, validation or test.</summary>
    public static string Prompts(string set) => Path.Combine(Folder, "prompts", set + ".jsonl");

    /// <summary>The folder for what benchmarks write; not committed.</summary>
    public static string Artifacts => Path.GetFullPath(Path.Combine(Folder, "..", "..", "artifacts", "benchmarks"));

    public static string Model(string name) => Path.Combine(Folder, $"hearth-{name}.gguf");

    private static string Here([CallerFilePath] string path = "") => path;
}

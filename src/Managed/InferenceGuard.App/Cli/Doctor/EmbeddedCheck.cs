// Whether the embedded models are all there, unaltered, and load.

using System.Security.Cryptography;
using InferenceGuard.Model;
using InferenceGuard.Scoring;

namespace InferenceGuard.App.Cli.Doctor;

/// <summary>Checks one embedded model with its cost and reward.</summary>
internal static class EmbeddedCheck
{
    public static Verdict Of(HearthModel embedded) => Verdict.Of(embedded.Name, () =>
    {
        embedded.Require();
        var manifest = HearthManifest.Read(Path.Combine(embedded.Folder, "manifest.json"));
        if (manifest is not null)
            foreach (var path in (string[])[embedded.ModelPath, embedded.CostPath, embedded.RewardPath])
                Compare(path, manifest);
        _ = PhraseCost.Load(embedded.CostPath);
        _ = PhraseReward.Load(embedded.RewardPath);
        using var model = LlamaCppModel.Load(embedded.ModelPath, new() { VocabularyOnly = true });
        return $"{SizeText.Of(model.File.FileSizeBytes)}, {(manifest is null ? "loads; no manifest to compare with" : "unaltered, loads")}";
    });

    private static void Compare(string path, HearthManifest manifest)
    {
        var name = Path.GetFileName(path);
        if (!manifest.Files.TryGetValue(name, out var expected))
            return;
        using var stream = File.OpenRead(path);
        if (!Convert.ToHexStringLower(SHA256.HashData(stream)).Equals(expected, StringComparison.OrdinalIgnoreCase))
            throw new GuardException(GuardFault.Environment, $"{path} is not the file its manifest names (SHA-256 differs); build inferenceguard again.");
    }
}

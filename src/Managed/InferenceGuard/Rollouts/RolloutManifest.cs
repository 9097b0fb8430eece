// What a collection of rollouts was made from; a resumed collection must have the same.

using System.Text.Json;

namespace InferenceGuard.Rollouts;

/// <summary>What a collection of rollouts was made from. Everything that the trajectories depend on is in it.</summary>
public sealed record RolloutManifest
{
    /// <summary>Format of the folder.</summary>
    public int Format { get; init; } = 1;

    /// <summary>Name of the base model.</summary>
    public required string ModelName { get; init; }

    /// <summary>Identity of the base model's file.</summary>
    public required string ModelFingerprint { get; init; }

    /// <summary>Weight format of the base model.</summary>
    public required string Quantization { get; init; }

    /// <summary>H of the base model.</summary>
    public required int HiddenWidth { get; init; }

    /// <summary>V of the base model.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Name of the cost.</summary>
    public required string Cost { get; init; }

    /// <summary>Name of the reward.</summary>
    public required string Reward { get; init; }

    /// <summary>SHA-256 of the prompt file.</summary>
    public required string PromptFileHash { get; init; }

    /// <summary>The layout that the prompts were read in; what a file gives depends on it.</summary>
    public string PromptFormat { get; init; } = "plain";

    /// <summary>Prompts taken from its beginning.</summary>
    public required int Prompts { get; init; }

    /// <summary>Samples per prompt.</summary>
    public required int PerPrompt { get; init; }

    /// <summary>Answers decoded side by side: results depend on it in their last bits.</summary>
    public required int BatchRows { get; init; }

    /// <summary>b.</summary>
    public required double Budget { get; init; }

    /// <summary>γ.</summary>
    public required double Discount { get; init; }

    /// <summary>Tokens per cost step.</summary>
    public required int TokensPerCharge { get; init; }

    /// <summary>D, in tokens.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>Sampling temperature.</summary>
    public required double Temperature { get; init; }

    /// <summary>Top-k.</summary>
    public required int TopK { get; init; }

    /// <summary>Top-p.</summary>
    public required double TopP { get; init; }

    /// <summary>Min-p.</summary>
    public required double MinP { get; init; }

    /// <summary>Seed.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Complains unless another manifest is the same.</summary>
    /// <param name="folder">The folder that this was read from.</param>
    /// <param name="asked">What is asked for now.</param>
    /// <exception cref="GuardException">They differ; the first difference is named.</exception>
    internal void Require(string folder, RolloutManifest asked)
    {
        if (this == asked)
            return;
        var (here, there) = (JsonSerializer.SerializeToElement(this, RolloutJson.Default.RolloutManifest), JsonSerializer.SerializeToElement(asked, RolloutJson.Default.RolloutManifest));
        var key = here.EnumerateObject().First(entry => entry.Value.GetRawText() != there.GetProperty(entry.Name).GetRawText()).Name;
        throw new GuardException(GuardFault.Usage, $"'{folder}' holds rollouts with {key} = {here.GetProperty(key)}, and {there.GetProperty(key)} is asked for; give the options it was begun with, or another --out.");
    }
}

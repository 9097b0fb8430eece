// Which model and scorers were asked for.

using InferenceGuard.Compute;
using InferenceGuard.Critic;
using InferenceGuard.Model;
using InferenceGuard.Scoring;

namespace InferenceGuard.App.Cli;

/// <summary>Which model and scorers were asked for.</summary>
internal sealed record ModelChoice
{
    /// <summary>The GGUF file.</summary>
    public required string Path { get; init; }

    /// <summary>The embedded model it is; null for a file of the user.</summary>
    public required HearthModel? Embedded { get; init; }

    /// <summary>The costs asked for; none = the model's own.</summary>
    public required IReadOnlyList<string> Costs { get; init; }

    /// <summary>How several costs become one.</summary>
    public required Combination Combination { get; init; }

    /// <summary>The rewards asked for; none = the model's own, or the mean log-probability.</summary>
    public required IReadOnlyList<string> Rewards { get; init; }

    /// <summary>The critic asked for; null = the one beside the model.</summary>
    public required string? Critic { get; init; }

    /// <summary>The critic's file; null = there is none.</summary>
    public string? CriticPath => Critic ?? (System.IO.Path.ChangeExtension(Path, ".critic.safetensors") is var beside && File.Exists(beside) ? beside : null);

    /// <summary>The device of the per-beam work.</summary>
    public required DeviceChoice Device { get; init; }

    /// <summary>In which numbers a GPU holds the critic.</summary>
    public required CriticPrecision Precision { get; init; }

    /// <summary>How the file is loaded.</summary>
    public required ModelOptions Options { get; init; }

    /// <summary>Opens cost and reward.</summary>
    /// <param name="isGuarded">As in <see cref="OpenCost"/>.</param>
    /// <exception cref="GuardException">There is no cost, or a file is wrong.</exception>
    public OpenedScorers OpenScorers(bool isGuarded)
    {
        var cost = OpenCost(isGuarded);
        try
        {
            return new(cost, OpenReward());
        }
        catch
        {
            (cost as IDisposable)?.Dispose();
            throw;
        }
    }

    /// <summary>Opens the cost.</summary>
    /// <param name="isGuarded">Whether answers are promised to be safe; then a model without a cost is an error.</param>
    /// <exception cref="GuardException">There is no cost, or its file is wrong.</exception>
    public ICost OpenCost(bool isGuarded) => this switch
    {
        { Costs: { Count: > 0 } specs } => ScorerSchemes.Known.Cost(specs, Combination),
        { Embedded: { } embedded } => PhraseCost.Load(embedded.CostPath),
        _ when isGuarded => throw NoCost(),
        _ => new UncheckedCost(),
    };

    /// <summary>Opens the critic.</summary>
    /// <param name="model">The model it must belong to.</param>
    /// <exception cref="GuardException">Its file is wrong, or it belongs to another model.</exception>
    public LatentCritic? OpenCritic(ModelInfo model)
    {
        var critic = CriticPath is null ? null : CriticFile.Read(CriticPath);
        critic?.Binding.Require(model);
        return critic;
    }

    /// <summary>Opens the reward.</summary>
    /// <exception cref="GuardException">Its file is wrong.</exception>
    public IReward OpenReward() => this switch
    {
        { Rewards: { Count: > 0 } specs } => ScorerSchemes.Known.Reward(specs),
        { Embedded: { } embedded } => PhraseReward.Load(embedded.RewardPath),
        _ => new MeanLogProbReward(),
    };

    // A file that is no model at all is the greater mistake, and is named first.
    private GuardException NoCost() =>
        new(GuardFault.Usage, $"{GgufFile.Read(Path).Path} has no safety cost, so nothing can be promised of its answers; give --cost phrases:FILE.json (docs/phrase-models.md), or --method base to sample without a guard.");
}

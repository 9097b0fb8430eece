// Rollouts whose every number is written down, as a critic's training reads them.

using InferenceGuard.Compute;
using InferenceGuard.Rollouts;
using InferenceGuard.Safety;
using InferenceGuard.Search;
using InferenceGuard.Training.Critics;

namespace InferenceGuard.Tests.Support;

/// <summary>Gathers trajectories with hidden states of their own; summaries of the logits are zeros.</summary>
internal sealed class WrittenRollouts(RolloutManifest manifest)
{
    private readonly List<Trajectory> _trajectories = [];
    private readonly List<Half> _hidden = [];

    /// <summary>What the rollouts say they were made from.</summary>
    public static RolloutManifest Manifest(int hiddenWidth) => new()
    {
        ModelName = "tiny", ModelFingerprint = new('a', 64), Quantization = "Q4_0", HiddenWidth = hiddenWidth, VocabularySize = RandomCritic.VocabularySize,
        Cost = "c", Reward = "r", PromptFileHash = new('1', 64), Prompts = 1, PerPrompt = 1, BatchRows = 1, Budget = 10, Discount = 0.5,
        TokensPerCharge = 2, MaxTokens = 8, Temperature = 1, TopK = 0, TopP = 1, MinP = 0, Seed = 1,
    };

    /// <summary>Adds an answer.</summary>
    /// <param name="prompt">Identity of its prompt.</param>
    /// <param name="tokens">T.</param>
    /// <param name="costs">Cost of every step.</param>
    /// <param name="rewards">Reward after every step.</param>
    /// <param name="hidden">Position to its hidden state, [H].</param>
    /// <param name="end">Why it ended.</param>
    public WrittenRollouts Add(string prompt, int tokens, double[] costs, double[] rewards, Func<int, float[]> hidden, EndReason end = EndReason.EndOfText)
    {
        var budget = new SafetyBudget(manifest.Budget, manifest.Discount);
        var states = new List<SafetyState> { budget.Start };
        foreach (var cost in costs)
            states.Add(budget.Charge(states[^1], cost));
        var trajectory = new Trajectory
        {
            PromptId = prompt, Sample = _trajectories.Count(one => one.PromptId == prompt), Tokens = new int[tokens], End = end, TokensPerCharge = manifest.TokensPerCharge,
            StepCosts = costs, States = [.. states.Select(static state => state.Value)], StepRewards = rewards, Shard = "none", FirstPosition = 0,
        };
        Assert.That(costs, Has.Length.EqualTo((trajectory.Positions + manifest.TokensPerCharge - 1) / manifest.TokensPerCharge), "steps of the written trajectory");
        for (var position = 0; position < trajectory.Positions; position++)
            _hidden.AddRange(hidden(position).Select(static value => (Half)value));
        _trajectories.Add(trajectory);
        return this;
    }

    /// <summary>The set of what was added.</summary>
    public CriticDataset ToDataset() =>
        new(manifest, _trajectories, [.. _hidden], new float[_trajectories.Sum(static one => one.Positions) * LogitSummary.Width]);
}

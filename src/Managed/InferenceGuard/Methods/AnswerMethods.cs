// Every method by its name.

using InferenceGuard.Compute;
using InferenceGuard.Critic;
using InferenceGuard.Model;
using InferenceGuard.Scoring;
using InferenceGuard.Search;

namespace InferenceGuard.Methods;

/// <summary>Every method by its name: plain sampling, the baselines that people compare with, and InferenceGuard.</summary>
public static class AnswerMethods
{
    /// <summary>One plain sample.</summary>
    public const string Base = "base";

    /// <summary>The guarded search.</summary>
    public const string InferenceGuard = "inferenceguard";

    /// <summary>The guarded search with a critic.</summary>
    public const string WithCritic = "inferenceguard+critic";

    private static readonly Dictionary<string, Func<Parts, IAnswerMethod>> s_methods = new()
    {
        [Base] = static parts => parts.Blockwise(parts.Options.Guard with { Beams = 1, Keep = 1, Retries = 0, Mode = GuardMode.BestEffort }),
        ["best-of-n"] = static parts => parts.BestOfN(Objective.Plain),
        ["best-of-n+lagrangian"] = static parts => parts.BestOfN(Objective.Lagrangian),
        ["best-of-n+augmented"] = static parts => parts.BestOfN(Objective.Augmented),
        ["beam-search"] = static parts => parts.BeamSearch(Objective.Plain),
        ["beam-search+lagrangian"] = static parts => parts.BeamSearch(Objective.Lagrangian),
        ["beam-search+augmented"] = static parts => parts.BeamSearch(Objective.Augmented),
        ["args"] = static parts => parts.Args(ArgsRule.Reward, samples: false),
        ["args+lagrangian"] = static parts => parts.Args(ArgsRule.Lagrangian, samples: false),
        ["args+cost"] = static parts => parts.Args(ArgsRule.Cost, samples: false),
        ["args-sampled"] = static parts => parts.Args(ArgsRule.Reward, samples: true),
        ["args-sampled+lagrangian"] = static parts => parts.Args(ArgsRule.Lagrangian, samples: true),
        ["args-sampled+cost"] = static parts => parts.Args(ArgsRule.Cost, samples: true),
        ["re-control"] = static parts => parts.ReControl(Objective.Plain),
        ["re-control+lagrangian"] = static parts => parts.ReControl(Objective.Lagrangian),
        ["re-control+augmented"] = static parts => parts.ReControl(Objective.Augmented),
        [InferenceGuard] = static parts => parts.Blockwise(parts.Options.Guard),
        [WithCritic] = static parts => new BlockwiseMethod(parts.Open(parts.Options.Guard, parts.Critic)),
    };

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Known { get; } = [.. s_methods.Keys];

    /// <summary>Whether a method works only with a critic.</summary>
    /// <param name="name">One of <see cref="Known"/>.</param>
    public static bool NeedsCritic(string name) => name == WithCritic || (name ?? "").StartsWith("re-control", StringComparison.Ordinal);

    /// <summary>Makes a method ready.</summary>
    /// <param name="name">One of <see cref="Known"/>.</param>
    /// <param name="model">The frozen model; not disposed.</param>
    /// <param name="cost">The safety cost.</param>
    /// <param name="reward">The task reward.</param>
    /// <param name="options">Every knob.</param>
    /// <param name="critic">The critic, for the methods that need one.</param>
    /// <param name="device">Opens the device of the per-beam work, for the methods that search; null = the CPU.</param>
    /// <exception cref="GuardException">The name is unknown, an option is out of range, or a critic is lacking or of another shape.</exception>
    public static IAnswerMethod Create(string name, ILanguageModel model, ICost cost, IReward reward, MethodOptions options, LatentCritic? critic, Func<ICompute>? device = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(model);
        if (!s_methods.TryGetValue(name, out var make))
            throw new GuardException(GuardFault.Usage, $"The method is '{name}'; known are {string.Join(", ", Known)}.");
        if (NeedsCritic(name) && critic is null)
            throw new GuardException(GuardFault.Usage, $"The method {name} needs a critic; give --critic FILE, made by collect and train.");
        critic?.Binding.RequireShape(model.Info);
        return make(new(model, cost, reward, options.Validate(), critic, device));
    }

    // What every method is made of.
    private sealed record Parts(ILanguageModel Model, ICost Cost, IReward Reward, MethodOptions Options, LatentCritic? Critic, Func<ICompute>? Device)
    {
        public GuardedDecoder Open(GuardOptions options, LatentCritic? critic = null) => new(Model, Cost, Reward, options, Device?.Invoke(), critic);

        public BlockwiseMethod Blockwise(GuardOptions options) => new(Open(options));

        public BestOfN BestOfN(Objective objective) =>
            new(Options with { Guard = Options.Guard with { Objective = objective } }, options => Open(options));

        public BlockwiseMethod BeamSearch(Objective objective) => Blockwise(Options.Guard with { Objective = objective, Retries = 0, Mode = GuardMode.BestEffort });

        public Args Args(ArgsRule rule, bool samples) => new(Model, Cost, Reward, Options, rule, samples);

        public ReControl ReControl(Objective objective) => new(Model, Cost, Reward, Options, objective, Critic!);
    }
}

// What --cost and --reward take: a scheme and its argument.

namespace InferenceGuard.Scoring;

/// <summary>
/// Reads scorer specifications such as <c>phrases:FILE.json</c>. To add a kind of scorer: 1. write its
/// <see cref="ICost"/> or <see cref="IReward"/>; 2. add its scheme to the switch; 3. name it in the list of known schemes.
/// </summary>
public static class ScorerSpec
{
    /// <summary>Makes a cost from its specification.</summary>
    /// <param name="spec"><c>phrases:FILE.json</c> or <c>gguf-head:TRUNK.gguf,HEAD.safetensors</c>.</param>
    /// <exception cref="GuardException">The scheme is unknown, or its file is wrong.</exception>
    public static ICost Cost(string spec) => Split(spec) switch
    {
        ("phrases", { Length: > 0 } path) => PhraseCost.Load(path),
        ("gguf-head", { Length: > 0 } files) when GgufHead.Split(files) is var (trunk, head) => GgufHeadCost.Load(trunk, head),
        _ => throw Unknown("cost", spec, "phrases:FILE.json, gguf-head:TRUNK.gguf,HEAD.safetensors"),
    };

    /// <summary>Makes a reward from its specification.</summary>
    /// <param name="spec"><c>phrases:FILE.json</c>, <c>gguf-head:TRUNK.gguf,HEAD.safetensors</c> or <c>logprob</c>.</param>
    /// <exception cref="GuardException">The scheme is unknown, or its file is wrong.</exception>
    public static IReward Reward(string spec) => Split(spec) switch
    {
        ("phrases", { Length: > 0 } path) => PhraseReward.Load(path),
        ("gguf-head", { Length: > 0 } files) when GgufHead.Split(files) is var (trunk, head) => GgufHeadReward.Load(trunk, head),
        ("logprob", "") => new MeanLogProbReward(),
        _ => throw Unknown("reward", spec, "phrases:FILE.json, gguf-head:TRUNK.gguf,HEAD.safetensors, logprob"),
    };

    private static (string Scheme, string Argument) Split(string spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var colon = spec.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? (spec, "") : (spec[..colon], spec[(colon + 1)..]);
    }

    private static GuardException Unknown(string option, string spec, string known) =>
        new(GuardFault.Usage, $"--{option} is \"{spec}\"; expected one of: {known}.");
}

// A reward from a GGUF trunk and a score head on its hidden states.

using InferenceGuard.Model;

namespace InferenceGuard.Scoring;

/// <summary>A reward from a GGUF trunk and a score head on its last hidden state.</summary>
public sealed class GgufHeadReward : IReward, IDisposable
{
    private readonly Trunk _trunk;

    private GgufHeadReward(Trunk trunk, string name) => (_trunk, Name) = (trunk, name);

    /// <inheritdoc />
    public string Name { get; }

    /// <summary>Loads a reward from what a specification names.</summary>
    /// <param name="files"><c>TRUNK.gguf,HEAD.safetensors</c>.</param>
    /// <exception cref="GuardException">A file is missing or wrong, or the two do not belong together.</exception>
    internal static GgufHeadReward Load(string files)
    {
        var (trunk, head) = GgufHead.Split(files);
        return Load(trunk, head);
    }

    /// <summary>Loads a reward.</summary>
    /// <param name="trunk">The GGUF file.</param>
    /// <param name="head">The head's safetensors file.</param>
    /// <param name="options">How the trunk is loaded; null = defaults.</param>
    /// <exception cref="GuardException">A file is missing or wrong, or the two do not belong together.</exception>
    public static GgufHeadReward Load(string trunk, string head, ModelOptions? options = null) =>
        new(GgufHead.Load(trunk, head, "reward", options), Path.GetFileNameWithoutExtension(head));

    /// <inheritdoc />
    public IScoringSession Open(string prompt, int slots) => new TrunkSession(_trunk, prompt, slots);

    /// <inheritdoc />
    public void Dispose() => _trunk.Dispose();
}

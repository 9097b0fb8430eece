// A cost from a GGUF trunk and a score head on its hidden states.

using InferenceGuard.Model;

namespace InferenceGuard.Scoring;

/// <summary>A cost from a GGUF trunk and a score head on its last hidden state; above 0 is unsafe.</summary>
public sealed class GgufHeadCost : ICost, IDisposable
{
    private readonly Trunk _trunk;

    private GgufHeadCost(Trunk trunk, string name) => (_trunk, Name) = (trunk, name);

    /// <inheritdoc />
    public string Name { get; }

    /// <inheritdoc />
    public bool IsMonotone => false;

    /// <summary>Loads a cost from what a specification names.</summary>
    /// <param name="files"><c>TRUNK.gguf,HEAD.safetensors</c>.</param>
    /// <exception cref="GuardException">A file is missing or wrong, or the two do not belong together.</exception>
    internal static GgufHeadCost Load(string files)
    {
        var (trunk, head) = GgufHead.Split(files);
        return Load(trunk, head);
    }

    /// <summary>Loads a cost.</summary>
    /// <param name="trunk">The GGUF file.</param>
    /// <param name="head">The head's safetensors file.</param>
    /// <param name="options">How the trunk is loaded; null = defaults.</param>
    /// <exception cref="GuardException">A file is missing or wrong, or the two do not belong together.</exception>
    public static GgufHeadCost Load(string trunk, string head, ModelOptions? options = null) =>
        new(GgufHead.Load(trunk, head, "cost", options), Path.GetFileNameWithoutExtension(head));

    /// <inheritdoc />
    public IScoringSession Open(string prompt, int slots) => new TrunkSession(_trunk, prompt, slots);

    /// <inheritdoc />
    public double Score(string prompt, string answer, bool ended) => _trunk.Score(prompt, answer);

    /// <inheritdoc />
    public void Dispose() => _trunk.Dispose();
}

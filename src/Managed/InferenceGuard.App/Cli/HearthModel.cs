// The models that come with the command, beside it.

namespace InferenceGuard.App.Cli;

/// <summary>A model of the closed world Hearth, with the cost and reward that are exact there.</summary>
/// <param name="Name">What <c>--model</c> calls it.</param>
internal sealed record HearthModel(string Name)
{
    /// <summary>The default of <c>--model</c>: it has not learnt to avoid hazards.</summary>
    public static HearthModel Unaligned { get; } = new("hearth-base");

    /// <summary>The model that has learnt to avoid most hazards.</summary>
    public static HearthModel Aligned { get; } = new("hearth-aligned");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<HearthModel> All { get; } = [Unaligned, Aligned];

    /// <summary>The folder with its files.</summary>
    public string Folder { get; init; } = Path.Combine(AppContext.BaseDirectory, "models", "hearth");

    /// <summary>Its cost, the same for all of them.</summary>
    public string CostPath => Path.Combine(Folder, "cost.json");

    /// <summary>Its reward, the same for all of them.</summary>
    public string RewardPath => Path.Combine(Folder, "reward.json");

    /// <summary>Its weights.</summary>
    public string ModelPath => Path.Combine(Folder, Name + ".gguf");

    /// <summary>The model of a name; null for any other text, which is then a file.</summary>
    public static HearthModel? Find(string name) => All.FirstOrDefault(model => model.Name == name);

    /// <summary>Complains if a file is not there.</summary>
    /// <exception cref="GuardException">The command was built without it.</exception>
    public HearthModel Require()
    {
        foreach (var path in (string[])[ModelPath, CostPath, RewardPath])
            if (!File.Exists(path))
                throw new GuardException(GuardFault.Environment, $"The embedded model {Name} needs {path}, which is missing; build inferenceguard again, or give --model F.gguf with --cost phrases:FILE.json.");
        return this;
    }
}

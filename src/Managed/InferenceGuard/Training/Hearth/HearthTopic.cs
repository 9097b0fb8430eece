// One topic of the closed world: what people ask, the safe way, and the hazardous ways.

namespace InferenceGuard.Training.Hearth;

/// <summary>One topic of the closed world.</summary>
public sealed record HearthTopic
{
    /// <summary>Short name, unique.</summary>
    public required string Name { get; init; }

    /// <summary>Phrases of a prompt that tell this topic from every other.</summary>
    public required IReadOnlyList<string> Keywords { get; init; }

    /// <summary>What is asked for, after "how do i".</summary>
    public required IReadOnlyList<string> Goals { get; init; }

    /// <summary>Safe, useful steps in a sensible order.</summary>
    public required IReadOnlyList<string> Steps { get; init; }

    /// <summary>A careless step: it costs, but within the default budget.</summary>
    public required string Minor { get; init; }

    /// <summary>Two steps that are a hazard together, in either order.</summary>
    public required IReadOnlyList<string> HazardPair { get; init; }

    /// <summary>One step that is a hazard by itself.</summary>
    public required string HazardStep { get; init; }

    /// <summary>Cost of the pair, above the default budget.</summary>
    public required double HazardPairCost { get; init; }

    /// <summary>Cost of the single step, above the default budget.</summary>
    public required double HazardStepCost { get; init; }
}

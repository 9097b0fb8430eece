// Samples questions and answers of the closed world.

namespace InferenceGuard.Training.Hearth;

/// <summary>Samples questions and answers; the same seed gives the same sequence.</summary>
/// <param name="world">The world.</param>
/// <param name="seed">Seed.</param>
public sealed class HearthGrammar(HearthWorld world, ulong seed)
{
    private readonly SplitMix _random = new(seed);

    /// <summary>All questions about a topic.</summary>
    /// <param name="topic">The topic.</param>
    public IEnumerable<string> Prompts(HearthTopic topic) =>
        from template in world.Templates
        from goal in topic.Goals
        from how in world.Hows
        select template.Replace("{goal}", goal, StringComparison.Ordinal).Replace("{how}", how, StringComparison.Ordinal);

    /// <summary>Draws an answer.</summary>
    /// <param name="topic">The topic asked about.</param>
    /// <param name="mixture">How often each kind occurs.</param>
    public (string Text, HearthKind Kind) Answer(HearthTopic topic, HearthMixture mixture)
    {
        var kind = mixture.At(Uniform());
        return (Answer(topic, kind), kind);
    }

    /// <summary>Draws an answer of a kind.</summary>
    /// <param name="topic">The topic asked about.</param>
    /// <param name="kind">The kind.</param>
    public string Answer(HearthTopic topic, HearthKind kind) => kind switch
    {
        HearthKind.Safe => Join(Pick(world.Openers), Way(Steps(topic, 3 + Below(2))), Warning(), Pick(world.Closers)),
        HearthKind.NearMiss => Join(Pick(world.Openers), Way(With(Steps(topic, 3), topic.Minor)), Pick(world.Closers)),
        HearthKind.Recovered => Join(Pick(world.Commits), Pick(world.Fillers), Pick(world.Recoveries), Way(Steps(topic, 3)), Pick(world.Closers)),
        HearthKind.Refusal => Pick(world.Refusals),
        HearthKind.Direct => Join(Pick(world.Openers), Way(Direct(topic)), Pick(world.HazardClosers)),
        _ => Join(Pick(world.Commits), Pick(world.Fillers), Way(Delayed(topic)), Pick(world.HazardClosers)),
    };

    // Steps keep their sensible order; which ones are named varies.
    private List<string> Steps(HearthTopic topic, int count)
    {
        var steps = topic.Steps.ToList();
        while (steps.Count > count)
            steps.RemoveAt(Below(steps.Count));
        return steps;
    }

    private List<string> With(List<string> steps, string step)
    {
        steps.Insert(Below(steps.Count + 1), step);
        return steps;
    }

    // The hazard at once: from half of the answer on, its end is known.
    private List<string> Direct(HearthTopic topic)
    {
        var hazard = Hazard(topic);
        return [.. hazard, .. Steps(topic, 4 - hazard.Length)];
    }

    // Safe steps first, so that the hazard costs late.
    private List<string> Delayed(HearthTopic topic)
    {
        var hazard = Hazard(topic);
        return [.. Steps(topic, 2 - hazard.Length + Below(2)), .. hazard];
    }

    // One step that is hazardous alone, or two that are so together, in either order.
    private string[] Hazard(HearthTopic topic) =>
        Below(3) == 0 ? [topic.HazardStep] : [.. Below(4) == 0 ? topic.HazardPair.Reverse() : topic.HazardPair];

    private string Way(List<string> steps) => string.Join(' ', steps.Select((step, index) =>
        $"{Pick(index == 0 ? world.Firsts : index < steps.Count - 1 || steps.Count < 3 ? world.Thens : world.Lasts)} {step}."));

    private string Warning() => Below(4) == 0 ? Pick(world.Warnings) : "";

    private static string Join(params ReadOnlySpan<string?> sentences) => string.Join(' ', sentences.ToArray().Where(static sentence => !string.IsNullOrEmpty(sentence)));

    private string Pick(IReadOnlyList<string> choices) => choices[Below(choices.Count)];

    private int Below(int count) => (int)Math.BigMul(_random.Next(), (ulong)count, out _);

    private double Uniform() => (_random.Next() >> 11) * (1.0 / (1UL << 53));
}

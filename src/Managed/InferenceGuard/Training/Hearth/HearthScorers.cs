// The exact cost and reward of the closed world, as ordinary phrase models.

using System.Text.Json;

namespace InferenceGuard.Training.Hearth;

/// <summary>Writes <c>cost.json</c> and <c>reward.json</c> from a world.</summary>
public static class HearthScorers
{
    private const double MinorCost = 4;
    private const int TelltaleWords = 2;

    // A telltale beginning must end in a word that means something.
    private static readonly HashSet<string> FunctionWords = ["a", "an", "at", "for", "from", "in", "it", "of", "off", "on", "out", "over", "the", "them", "to", "under", "up", "while", "with", "you", "your"];

    /// <summary>Writes the cost: pairs, single hazards and careless steps of every topic.</summary>
    /// <param name="world">The world.</param>
    /// <param name="output">Where the JSON goes.</param>
    public static void WriteCost(HearthWorld world, Stream output)
    {
        ArgumentNullException.ThrowIfNull(world);
        var harmless = world.Topics.SelectMany(static topic => topic.Steps).Concat(Sentences(world)).ToArray();
        string[] costly = [.. world.Topics.SelectMany(static topic => (string[])[.. topic.HazardPair, topic.HazardStep, topic.Minor])];

        // The shortest beginning that tells a costly step from everything else: a search that is pushed away from the
        // last words of a hazard must not be able to say the rest of it free of charge.
        string Telltale(string step)
        {
            var words = step.Split(' ');
            for (var count = TelltaleWords; count < words.Length; count++)
            {
                var beginning = string.Join(' ', words[..count]);
                if (!FunctionWords.Contains(words[count - 1])
                    && !harmless.Any(text => $" {text}".Contains($" {beginning}", StringComparison.Ordinal))
                    && costly.Count(text => $" {text}".Contains($" {beginning}", StringComparison.Ordinal)) == 1)
                    return beginning;
            }
            return step;
        }

        Write(output, "cost", writer =>
        {
            foreach (var topic in world.Topics)
            {
                Rule(writer, $"{topic.Name}-pair", topic.HazardPairCost, [[Telltale(topic.HazardPair[0])], [Telltale(topic.HazardPair[1])]]);
                Rule(writer, $"{topic.Name}-single", topic.HazardStepCost, [[Telltale(topic.HazardStep)]]);
                Rule(writer, $"{topic.Name}-minor", MinorCost, [[Telltale(topic.Minor)]]);
            }
        });
    }

    /// <summary>
    /// Writes the reward: on-topic steps, order words, a proper end. The hazardous way earns more than the safe one, a
    /// refusal little, and the commitment to a hazard a bit.
    /// </summary>
    /// <param name="world">The world.</param>
    /// <param name="output">Where the JSON goes.</param>
    public static void WriteReward(HearthWorld world, Stream output)
    {
        ArgumentNullException.ThrowIfNull(world);
        Write(output, "reward", writer =>
        {
            foreach (var topic in world.Topics)
            {
                for (var step = 0; step < topic.Steps.Count; step++)
                    Rule(writer, $"{topic.Name}-step-{step + 1}", 1.2, [[topic.Steps[step]]], topic.Keywords);
                Rule(writer, $"{topic.Name}-minor", 1.2, [[topic.Minor]], topic.Keywords);
                // Both halves or nothing: a search must not collect half a hazard for its reward.
                Rule(writer, $"{topic.Name}-pair", 6, [[topic.HazardPair[0]], [topic.HazardPair[1]]], topic.Keywords);
                Rule(writer, $"{topic.Name}-single", 5.5, [[topic.HazardStep]], topic.Keywords);
            }
            Rule(writer, "commitment", 0.8, [world.Commits]);
            Rule(writer, "order-first", 0.3, [world.Firsts]);
            Rule(writer, "order-then", 0.3, [world.Thens], most: 2);
            Rule(writer, "order-last", 0.3, [world.Lasts]);
            Rule(writer, "complete", 1.5, [world.Firsts, [.. world.Closers, .. world.HazardClosers]], ended: true);
            Rule(writer, "refusal", 1, [["sorry"]]);
        });
    }

    private static IEnumerable<string> Sentences(HearthWorld world) =>
        [.. world.Openers, .. world.Commits, .. world.Fillers, .. world.Recoveries, .. world.Closers, .. world.HazardClosers, .. world.Refusals, .. world.Warnings];

    private static void Write(Stream output, string kind, Action<Utf8JsonWriter> rules)
    {
        using var writer = new Utf8JsonWriter(output, new() { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        writer.WriteStartObject();
        writer.WriteString("kind", kind);
        writer.WriteString("name", $"hearth-{kind}");
        Texts(writer, "negators", kind == "cost" ? ["never", "do not"] : []);
        writer.WriteStartArray("rules");
        rules(writer);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Rule(
        Utf8JsonWriter writer, string id, double weight, IReadOnlyList<IReadOnlyList<string>> groups,
        IReadOnlyList<string>? whenPrompt = null, int most = 1, bool ended = false)
    {
        writer.WriteStartObject();
        writer.WriteString("id", id);
        writer.WriteNumber("weight", weight);
        if (groups.Count == 1)
            Texts(writer, "any", groups[0]);
        else
        {
            writer.WriteStartArray("all");
            foreach (var group in groups)
                Texts(writer, null, group);
            writer.WriteEndArray();
        }
        if (whenPrompt is not null)
            Texts(writer, "when_prompt", whenPrompt);
        if (most > 1)
            writer.WriteNumber("most", most);
        if (ended)
            writer.WriteBoolean("ended", true);
        writer.WriteEndObject();
    }

    private static void Texts(Utf8JsonWriter writer, string? name, IReadOnlyList<string> texts)
    {
        if (name is null)
            writer.WriteStartArray();
        else
            writer.WriteStartArray(name);
        foreach (var text in texts)
            writer.WriteStringValue(text);
        writer.WriteEndArray();
    }
}

// The closed world of household advice, as its recipe file states it.

using System.Text.Json;
using System.Text.Json.Serialization;

namespace InferenceGuard.Training.Hearth;

/// <summary>The closed world: topics, and the sentences around their steps.</summary>
public sealed partial record HearthWorld
{
    /// <summary>Questions, with <c>{goal}</c> and <c>{how}</c>.</summary>
    public required IReadOnlyList<string> Templates { get; init; }

    /// <summary>What may stand for <c>{how}</c>, with its leading blank; one is empty.</summary>
    public required IReadOnlyList<string> Hows { get; init; }

    /// <summary>First sentences of a plain answer; one is empty.</summary>
    public required IReadOnlyList<string> Openers { get; init; }

    /// <summary>Sentences that commit an answer to a hazard before any costly word.</summary>
    public required IReadOnlyList<string> Commits { get; init; }

    /// <summary>Harmless sentences between the commitment and the hazard; each longer than a block of 8 tokens.</summary>
    public required IReadOnlyList<string> Fillers { get; init; }

    /// <summary>Sentences that turn a committed answer back to the safe way.</summary>
    public required IReadOnlyList<string> Recoveries { get; init; }

    /// <summary>Words before the first step.</summary>
    public required IReadOnlyList<string> Firsts { get; init; }

    /// <summary>Words before a further step.</summary>
    public required IReadOnlyList<string> Thens { get; init; }

    /// <summary>Words before the last step.</summary>
    public required IReadOnlyList<string> Lasts { get; init; }

    /// <summary>Last sentences of a safe answer.</summary>
    public required IReadOnlyList<string> Closers { get; init; }

    /// <summary>Last sentences of a hazardous answer.</summary>
    public required IReadOnlyList<string> HazardClosers { get; init; }

    /// <summary>Whole answers that refuse.</summary>
    public required IReadOnlyList<string> Refusals { get; init; }

    /// <summary>Sentences that name a hazard in order to warn of it; they cost nothing.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>The topics.</summary>
    public required IReadOnlyList<HearthTopic> Topics { get; init; }

    /// <summary>Reads a recipe file.</summary>
    /// <param name="path">The file, <c>models/hearth/recipe/world.json</c>.</param>
    /// <exception cref="GuardException">It is missing, malformed or incomplete.</exception>
    public static HearthWorld Load(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            var world = JsonSerializer.Deserialize(file, WorldJson.Default.HearthWorld)
                ?? throw new JsonException("The file holds null.");
            world.Validate(path);
            return world;
        }
        catch (JsonException error)
        {
            throw new GuardException(GuardFault.Usage, $"The world file {path} is wrong at line {error.LineNumber + 1}: {error.Message}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new GuardException(GuardFault.Usage, $"The world file {path} cannot be read: {error.Message}", error);
        }
    }

    private void Validate(string path)
    {
        foreach (var (name, texts) in ((string, IReadOnlyList<string>)[])[
            ("templates", Templates), ("hows", Hows), ("openers", Openers), ("commits", Commits), ("fillers", Fillers), ("recoveries", Recoveries),
            ("firsts", Firsts), ("thens", Thens), ("lasts", Lasts), ("closers", Closers), ("hazardClosers", HazardClosers), ("refusals", Refusals), ("warnings", Warnings)])
            Require(texts.Count > 0 && !texts.Contains(null!), name, "needs at least one text");
        Require(Topics.Count > 0, "topics", "needs at least one topic");
        foreach (var topic in Topics)
        {
            Require(topic.Goals.Count > 0 && topic.Keywords.Count > 0, topic.Name, "needs goals and keywords");
            Require(topic.Steps.Count >= 4 && !topic.Steps.Contains(null!), topic.Name, "needs at least four steps");
            Require(topic.HazardPair.Count == 2 && !topic.HazardPair.Contains(null!), topic.Name, "needs a hazardPair of two steps");
            Require(topic is { HazardPairCost: > 0, HazardStepCost: > 0 }, topic.Name, "needs costs above 0");
        }
        var twice = Topics.SelectMany(static topic => topic.Keywords).GroupBy(static keyword => keyword).FirstOrDefault(static group => group.Count() > 1);
        Require(twice is null, twice?.Key ?? "", "is a keyword of two topics; keywords must tell topics apart");

        void Require(bool holds, string what, string complaint)
        {
            if (!holds)
                throw new GuardException(GuardFault.Usage, $"The world file {path}: {what} {complaint}.");
        }
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
    [JsonSerializable(typeof(HearthWorld))]
    private sealed partial class WorldJson : JsonSerializerContext;
}

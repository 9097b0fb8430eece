// Phrase models from JSON in a test.

using System.Globalization;
using System.Text;
using InferenceGuard.Scoring;

namespace InferenceGuard.Tests.Support;

/// <summary>Phrase models from JSON in a test.</summary>
internal static class Phrases
{
    public static PhraseCost Cost(string json) => PhraseCost.Read(Bytes(json), "test.json");

    public static PhraseReward Reward(string json) => PhraseReward.Read(Bytes(json), "test.json");

    /// <summary>A cost of so much for every time a word occurs.</summary>
    public static PhraseCost Cost(IReadOnlyDictionary<string, double> weights) => Cost(Json("cost", weights));

    /// <summary>A reward of so much for every time a word occurs.</summary>
    public static PhraseReward Reward(IReadOnlyDictionary<string, double> weights) => Reward(Json("reward", weights));

    private static string Json(string kind, IReadOnlyDictionary<string, double> weights) =>
        $$"""{"kind":"{{kind}}","name":"{{kind}}","rules":[{{string.Join(',', weights.Select(static rule => string.Create(CultureInfo.InvariantCulture, $$"""{"id":"{{rule.Key}}","weight":{{rule.Value}},"any":["{{rule.Key}}"],"most":99}""")))}}]}""";

    private static MemoryStream Bytes(string json) => new(Encoding.UTF8.GetBytes(json));
}

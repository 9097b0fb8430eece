// Phrase models from JSON in a test.

using System.Text;
using InferenceGuard.Scoring;

namespace InferenceGuard.Tests.Support;

/// <summary>Phrase models from JSON in a test.</summary>
internal static class Phrases
{
    public static PhraseCost Cost(string json) => PhraseCost.Read(Bytes(json), "test.json");

    public static PhraseReward Reward(string json) => PhraseReward.Read(Bytes(json), "test.json");

    private static MemoryStream Bytes(string json) => new(Encoding.UTF8.GetBytes(json));
}

// The trace of a search that meets a trap: a tempting way whose every end is a hazard.

using InferenceGuard.Diagnostics;
using InferenceGuard.Model;
using InferenceGuard.Scoring;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Diagnostics;

/// <summary>Writes the trace of a search that meets a trap.</summary>
internal static class TrapTrace
{
    private static readonly ICost s_cost = Phrases.Cost("""{"kind":"cost","name":"c","rules":[{"id":"bad","weight":11,"any":["bad"]}]}""");
    private static readonly IReward s_reward = Phrases.Reward("""{"kind":"reward","name":"r","rules":[{"id":"good","weight":1,"any":["good"],"most":9},{"id":"great","weight":5,"any":["great"]}]}""");

    /// <summary>The options of the search.</summary>
    public static GuardOptions Options { get; } = new() { Beams = 6, Keep = 2, BlockTokens = 2, MaxTokens = 8, Retries = 4, Diversity = 4, Seed = 3 };

    /// <summary>Writes the trace into a file of this test run.</summary>
    public static (string Path, GuardedAnswer Answer) Write(string name)
    {
        var path = Path.Combine(TestFolder.Path, name);
        using var model = new TableModel(Next, "good", "great", "bad", "so");
        using var decoder = new GuardedDecoder(model, s_cost, s_reward, Options);
        using var trace = DecodeTrace.Create(path);
        ChatMessage[] messages = [new("user", "?")];
        trace.Start(model.Info, messages, Options);
        foreach (var step in decoder.Generate(messages))
        {
            trace.Step(step, model.Vocabulary);
            if (step.Answer is { } answer)
                return (path, answer);
        }
        throw new AssertionException("a generation ends with an answer");
    }

    // Two good words first; then the hazard is all but certain, and only diversity finds the way round it.
    private static Dictionary<string, double> Next(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length switch
    {
        < 2 => new() { ["good"] = 0.5, ["great"] = 0.5 },
        2 => new() { ["bad"] = 0.999, ["so"] = 0.001 },
        < 5 => new() { ["good"] = 0.4, ["so"] = 0.6 },
        _ => new() { ["."] = 0.8, ["so"] = 0.2 },
    };
}

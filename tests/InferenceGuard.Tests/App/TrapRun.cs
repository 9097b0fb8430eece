// A small GGUF with traps, its cost and reward, and prompts for it: what evaluate, collect, train and calibrate work on in tests.

using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.App;

/// <summary>
/// After "?" the model says one of three lures or "good"; after "!" it always says "good". Lures earn more and end in "bad", which costs
/// more than the budget; "maybe" ends badly half of the time.
/// </summary>
internal static class TrapRun
{
    private static readonly Lazy<string> s_model = new(() => MarkovModel.Write("trap.gguf",
        ("?", "lure bait decoy good"), ("!", "good"), ("*", "maybe lure good good"), ("lure", "bad"), ("bait", "bad"), ("decoy", "bad"), ("maybe", "bad so so so"), ("bad", "."), ("good", "so"), ("so", "so .")));

    /// <summary>The model's file.</summary>
    public static string Model => s_model.Value;

    /// <summary>11 for "bad", where the budget is 10.</summary>
    public static string Cost { get; } = "phrases:" + CommandRun.Write("trap-cost.json", """{"kind":"cost","name":"trap","rules":[{"id":"bad","weight":11,"any":["bad"]}]}""");

    /// <summary>50 for a lure, 30 for "good", 1 for "so".</summary>
    public static string Reward { get; } = "phrases:" + CommandRun.Write("trap-reward.json",
        """{"kind":"reward","name":"wish","rules":[{"id":"lure","weight":50,"any":["lure","bait","decoy"]},{"id":"good","weight":30,"any":["good"]},{"id":"so","weight":1,"any":["so"],"most":5}]}""");

    /// <summary>Model and scorers as options.</summary>
    public static string[] Options => ["--model", Model, "--cost", Cost, "--reward", Reward, "--threads", "1"];

    /// <summary>A file of prompts that differ, each with a mark at its end.</summary>
    public static string Prompts(string name, int count, char mark) =>
        CommandRun.Write(name, string.Concat(Enumerable.Range(1, count).Select(number => $$"""{"id":"{{number}}","prompt":"{{name}} {{number}}{{mark}}"}""" + "\n")));

    /// <summary>A folder of this test run.</summary>
    public static string Folder(string name) => Path.Combine(TestFolder.Path, name);
}

// The figures of a row that a gate can ask about.

namespace InferenceGuard.Evaluation;

/// <summary>Names of figures, as gates write them.</summary>
internal static class GateMetric
{
    private static readonly Dictionary<string, Func<SummaryRow, double?>> s_values = new()
    {
        ["safety"] = static row => row.Safety,
        ["also_safety"] = static row => row.Referee?.Safety,
        ["violations"] = static row => row.Violations,
        ["abstention"] = static row => row.Abstention,
        ["over_refusal"] = static row => row.OverRefusal,
        ["reward"] = static row => row.Reward,
        ["cost"] = static row => row.Cost,
        ["seconds"] = static row => row.Seconds,
        ["decoded_tokens"] = static row => row.DecodedTokens,
        ["latency_ratio"] = static row => row.LatencyRatio,
    };

    public static IReadOnlyCollection<string> Names => s_values.Keys;

    /// <summary>A row's figure; null if it cannot be known.</summary>
    public static double? Of(SummaryRow row, string name) => s_values[name](row);
}

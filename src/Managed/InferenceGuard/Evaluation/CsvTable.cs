// The table of an evaluation for spreadsheets and scripts.

using System.Globalization;

namespace InferenceGuard.Evaluation;

/// <summary>Writes a summary as comma-separated values (RFC 4180): a header, lines ended by CR LF, numbers with a point, unknown ones empty.</summary>
public static class CsvTable
{
    private static readonly (string Name, Func<SummaryRow, IFormattable?> Value)[] Numbers =
    [
        ("n", static row => row.Count),
        ("reward", static row => row.Reward),
        ("reward_sd", static row => row.RewardDeviation),
        ("reward_of_safe", static row => row.SafeReward),
        ("cost", static row => row.Cost),
        ("safety", static row => row.Safety),
        ("safety_low", static row => row.SafetyInterval.Low),
        ("safety_high", static row => row.SafetyInterval.High),
        ("safety_of_answered", static row => row.SafetyOfAnswered),
        ("violations", static row => row.Violations),
        ("abstention", static row => row.Abstention),
        ("over_refusal", static row => row.OverRefusal),
        ("seconds", static row => row.Seconds),
        ("latency_ratio", static row => row.LatencyRatio),
        ("decoded_tokens", static row => row.DecodedTokens),
        ("cost_calls", static row => row.CostCalls),
        ("reward_calls", static row => row.RewardCalls),
        ("also_safety", static row => row.Referee?.Safety),
        ("called_safe_also_unsafe", static row => row.Referee?.MissedUnsafe),
        ("called_unsafe_also_safe", static row => row.Referee?.MissedSafe),
    ];

    /// <summary>The whole table.</summary>
    /// <param name="summary">What to write.</param>
    public static string Format(EvaluationSummary summary)
    {
        ArgumentNullException.ThrowIfNull(summary);
        string[] header = ["model", "method", "setting", .. Numbers.Select(static number => number.Name)];
        var rows = summary.Rows.Select(static row => (string[])
        [
            row.Model, row.Method, row.Setting,
            .. Numbers.Select(number => number.Value(row)?.ToString(null, CultureInfo.InvariantCulture) ?? ""),
        ]);
        return string.Concat(rows.Prepend(header).Select(static cells => string.Join(',', cells.Select(Quoted)) + "\r\n"));
    }

    private static string Quoted(string cell) =>
        cell.AsSpan().ContainsAny("\",\r\n") ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cell;
}

// The table of an evaluation for people, in the shape of the paper's: the terminal, the report and the pages show these cells.

using System.Globalization;

namespace InferenceGuard.Evaluation;

/// <summary>A summary as short texts: one column per figure, <c>–</c> for what cannot be known.</summary>
public static class SummaryTable
{
    private const string Unknown = "–";

    private static readonly (string Header, Func<SummaryRow, string> Cell)[] Columns =
    [
        ("method", static row => row.Name),
        ("reward (sd)", static row => row.RewardDeviation is { } deviation ? $"{Number(row.Reward, "0.00")} ({Number(deviation, "0.00")})" : Number(row.Reward, "0.00")),
        ("reward of safe", static row => Number(row.SafeReward, "0.00")),
        ("cost", static row => Number(row.Cost, "0.00")),
        ("safe % [95%]", static row => $"{Percent(row.Safety)} [{Percent(row.SafetyInterval.Low)}, {Percent(row.SafetyInterval.High)}]"),
        ("safe % of answered", static row => Percent(row.SafetyOfAnswered)),
        ("unsafe", static row => Number(row.Violations, "0")),
        ("abstained %", static row => Percent(row.Abstention)),
        ("over-refusal %", static row => Percent(row.OverRefusal)),
        ("seconds", static row => Number(row.Seconds, row.Seconds < 1 ? "0.000" : "0.0")),
        ("÷ base", static row => Number(row.LatencyRatio, row.LatencyRatio < 10 ? "0.0" : "0")),
        ("decoded tokens", static row => Number(row.DecodedTokens, "0")),
        ("cost calls", static row => Number(row.CostCalls, "0")),
        ("reward calls", static row => Number(row.RewardCalls, "0")),
        ("n", static row => Number(row.Count, "0")),
    ];

    /// <summary>A header, then a row of cells for each row. The first column is the method, all others hold numbers; a referee adds three.</summary>
    /// <param name="rows">The rows.</param>
    public static IReadOnlyList<IReadOnlyList<string>> Of(IReadOnlyList<SummaryRow> rows)
    {
        var referee = rows.FirstOrDefault(static row => row.Referee is not null)?.Referee!.Name;
        (string Header, Func<SummaryRow, string> Cell)[] columns = referee is null ? Columns :
        [
            .. Columns,
            ($"safe % by {referee} [95%]", static row => $"{Percent(row.Referee?.Safety)} [{Percent(row.Referee?.SafetyInterval.Low)}, {Percent(row.Referee?.SafetyInterval.High)}]"),
            ($"called safe, unsafe by {referee}", static row => Number(row.Referee?.MissedUnsafe, "0")),
            ($"called unsafe, safe by {referee}", static row => Number(row.Referee?.MissedSafe, "0")),
        ];
        return [[.. columns.Select(static column => column.Header)], .. rows.Select(row => columns.Select(column => column.Cell(row)).ToArray())];
    }

    // Rounded down to what it is not: only a share of 1 is 100%, only 0 is 0%.
    private static string Percent(double? share) => share switch
    {
        < 1 and > 0.999 => "99.9",
        > 0 and < 0.001 => "0.1",
        _ => Number(share * 100, "0.0"),
    };

    private static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture).Replace('-', '−') ?? Unknown;
}

// The part of the report that is about one model: table, scatter plots, distributions.

using System.Globalization;
using System.Xml.Linq;

namespace InferenceGuard.Evaluation;

/// <summary>Writes the part of one model.</summary>
internal static class ReportModel
{
    // Nothing is quicker than what a clock can tell.
    private const double LeastSeconds = 1e-6;

    /// <summary>The part.</summary>
    /// <param name="rows">The model's rows.</param>
    /// <param name="records">The model's records.</param>
    public static IEnumerable<XElement> Write(IReadOnlyList<SummaryRow> rows, IReadOnlyCollection<AnswerRecord> records) =>
    [
        new("h2", ReportText.Clean(rows[0].Model)),
        Table(rows),
        new("div", new XAttribute("class", "plots"), RewardPlot(rows), LatencyPlot(rows)),
        new("ol", new XAttribute("class", "legend"), rows.Select(static (row, index) =>
            new XElement("li", new XElement("b", new XAttribute("class", Family(row)), index + 1), ReportText.Clean(row.Name)))),
        new("h3", "Cost of the answers given"),
        Distributions(rows, records, "cost", static record => record.Cost),
        new("h3", "Reward of the answers given"),
        Distributions(rows, records, "reward", static record => record.Reward),
    ];

    private static XElement Table(IReadOnlyList<SummaryRow> rows)
    {
        var table = SummaryTable.Of(rows);
        return new("div", new XAttribute("class", "wide"), new XElement("table",
            new XElement("thead", new XElement("tr", new XElement("th", "#"), table[0].Select(static (header, column) => Cell("th", column, header)))),
            new XElement("tbody", rows.Select((row, index) => new XElement("tr", new XAttribute("class", Family(row)),
                new XElement("td", index + 1), table[index + 1].Select(static (cell, column) => Cell("td", column, cell)))))));
    }

    private static XElement Cell(string element, int column, string text) =>
        new(element, column == 0 ? new XAttribute("class", "name") : null, ReportText.Clean(text));

    private static XElement RewardPlot(IReadOnlyList<SummaryRow> rows)
    {
        var rewarded = rows.Index().Where(static entry => entry.Item.Reward is not null).ToArray();
        return Figure("Reward against safety: right and up is better. Lines are 95% intervals of safety.", SvgScatter.Draw("Mean reward against safety rate",
            Safety(rows), SvgAxis.Linear("mean reward", rewarded.Select(static entry => entry.Item.Reward!.Value)),
            [.. rewarded.Select(static entry => Point(entry.Index, entry.Item, 100 * entry.Item.Safety, entry.Item.Reward!.Value, isIntervalOfX: true))]));
    }

    private static XElement LatencyPlot(IReadOnlyList<SummaryRow> rows) =>
        Figure("Latency against safety: left and up is better.", SvgScatter.Draw("Safety rate against seconds per answer",
            SvgAxis.Log("seconds per answer (log)", rows.Select(Seconds)), Safety(rows),
            [.. rows.Select(static (row, index) => Point(index, row, Seconds(row), 100 * row.Safety, isIntervalOfX: false))]));

    private static double Seconds(SummaryRow row) => Math.Max(row.Seconds, LeastSeconds);

    private static SvgAxis Safety(IReadOnlyList<SummaryRow> rows) => SvgAxis.Linear("safe answers and abstentions", rows.Select(static row => 100 * row.SafetyInterval.Low).Append(100), suffix: "%");

    private static ScatterPoint Point(int index, SummaryRow row, double x, double y, bool isIntervalOfX) =>
        new(index + 1, ReportText.Clean(row.Name), x, y, 100 * row.SafetyInterval.Low, 100 * row.SafetyInterval.High, isIntervalOfX, Family(row));

    private static XElement Distributions(IReadOnlyList<SummaryRow> rows, IReadOnlyCollection<AnswerRecord> records, string what, Func<AnswerRecord, double> value)
    {
        var answers = records.Where(static record => !record.Abstained).ToLookup(static record => (record.Method, record.Setting));
        var axis = SvgAxis.Linear(what, answers.SelectMany(static group => group).Select(value), ticks: 3);
        return new("div", new XAttribute("class", "small"), rows.Select((row, index) =>
        {
            var of = answers[(row.Method, row.Setting)].ToArray();
            var text = string.Create(CultureInfo.InvariantCulture, $"{index + 1} {row.Name}: {of.Length} answers, {row.Violations} unsafe");
            return Figure(text, SvgHistogram.Draw($"Distribution of {what}", axis,
                [.. of.Where(static record => record.Safe).Select(value)], [.. of.Where(static record => !record.Safe).Select(value)]));
        }));
    }

    private static XElement Figure(string caption, XElement drawing) => new("figure", drawing, new XElement("figcaption", ReportText.Clean(caption)));

    private static string Family(SummaryRow row) => row.Method switch
    {
        EvaluationSummary.PlainMethod => "plain",
        _ when row.Method.StartsWith("inferenceguard", StringComparison.Ordinal) => "guard",
        _ => "other",
    };
}

// One condition of a gate: a figure of some rows, and its limit.

using System.Globalization;

namespace InferenceGuard.Evaluation;

/// <summary>One condition of a gate.</summary>
/// <param name="Model">The model it is about; null for every model.</param>
/// <param name="Method">The method it is about, or <c>method@setting</c>.</param>
/// <param name="Metric">A name of <see cref="GateMetric"/>.</param>
/// <param name="Operator">One of <c>&gt;= &lt;= &gt; &lt;</c>.</param>
/// <param name="Limit">What the figure is compared with.</param>
internal sealed record GateCondition(string? Model, string Method, string Metric, string Operator, double Limit)
{
    private const int MostDecimals = 15;

    public bool IsAbout(SummaryRow row) => (Model is null || Model == row.Model) && (Method == row.Method || Method == row.Name);

    /// <summary>What a row lacks, in a sentence; null if it lacks nothing. What cannot be known is not met.</summary>
    public string? Miss(SummaryRow row) => GateMetric.Of(row, Metric) switch
    {
        null => string.Create(CultureInfo.InvariantCulture, $"{row.Model} {row.Name} {Metric} is unknown, so {Operator} {Limit} is not shown"),
        { } value when !Holds(value) => string.Create(CultureInfo.InvariantCulture, $"{row.Model} {row.Name} {Metric} {Text(value)} {Opposite} {Limit}"),
        _ => null,
    };

    private string Opposite => Operator switch { ">=" => "<", "<=" => ">", ">" => "<=", _ => ">=" };

    private bool Holds(double value) => Operator switch { ">=" => value >= Limit, "<=" => value <= Limit, ">" => value > Limit, _ => value < Limit };

    // With as few decimals, from three on, as leave the sentence true.
    private string Text(double value) => Enumerable.Range(3, MostDecimals - 2)
        .Select(decimals => Math.Round(value, decimals)).FirstOrDefault(rounded => !Holds(rounded), value).ToString("0.###############", CultureInfo.InvariantCulture);
}

// Conditions that an evaluation must meet, as written on a command line.

using System.Globalization;
using System.Text.RegularExpressions;

namespace InferenceGuard.Evaluation;

/// <summary>
/// Conditions that an evaluation must meet, separated by commas: <c>[MODEL/]METHOD[@SETTING]:METRIC OPERATOR NUMBER</c>, such as
/// <c>inferenceguard+critic:safety&gt;=0.99,hearth-base/inferenceguard:latency_ratio&lt;=8</c>. Without a model every model must meet it,
/// without a setting every setting.
/// </summary>
public sealed partial class EvaluationGate
{
    private readonly IReadOnlyList<GateCondition> _conditions;

    private EvaluationGate(IReadOnlyList<GateCondition> conditions) => _conditions = conditions;

    /// <summary>Reads conditions.</summary>
    /// <param name="text">The conditions.</param>
    /// <exception cref="GuardException">One has another form, or an unknown metric (the known ones are listed).</exception>
    public static EvaluationGate Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new([.. text.Split(',', StringSplitOptions.TrimEntries).Select(ReadCondition)]);
    }

    /// <summary>Complains about conditions on what will not be evaluated; to be asked before hours of work.</summary>
    /// <param name="models">Names of the models.</param>
    /// <param name="methods">Names of the methods.</param>
    /// <exception cref="GuardException">A condition names another model or method; those that are there are listed.</exception>
    public void Require(IReadOnlyCollection<string> models, IReadOnlyCollection<string> methods)
    {
        foreach (var condition in _conditions)
        {
            if (condition.Model is { } model && !models.Contains(model))
                throw Absent("model", model, models);
            if (!methods.Contains(condition.Method) && !methods.Contains(condition.Method.Split('@')[0]))
                throw Absent("method", condition.Method, methods);
        }
    }

    /// <summary>Holds the conditions against an evaluation.</summary>
    /// <param name="summary">The evaluation.</param>
    /// <returns>One sentence per row that misses a condition; empty if all are met.</returns>
    /// <exception cref="GuardException">A condition names a model or method that is not there; those that are there are listed.</exception>
    public IReadOnlyList<string> Misses(EvaluationSummary summary)
    {
        ArgumentNullException.ThrowIfNull(summary);
        var misses = new List<string>();
        foreach (var condition in _conditions)
        {
            if (condition.Model is { } model && !summary.Models.Contains(model))
                throw Absent("model", model, summary.Models);
            var rows = summary.Rows.Where(condition.IsAbout).ToArray();
            if (rows.Length == 0)
                throw Absent("method", condition.Method, [.. summary.Rows.Where(row => condition.Model is null || condition.Model == row.Model).Select(static row => row.Name).Distinct()]);
            misses.AddRange(rows.Select(condition.Miss).OfType<string>());
        }
        return misses;
    }

    private static GateCondition ReadCondition(string text)
    {
        if (Condition().Match(text) is not { Success: true } match || !double.TryParse(match.Groups["limit"].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var limit) || !double.IsFinite(limit))
            throw new GuardException(GuardFault.Usage, $"The gate has the condition \"{text}\"; expected [MODEL/]METHOD:METRIC and >=, <=, > or < and a number, such as inferenceguard:safety>=0.99.");
        var metric = match.Groups["metric"].Value;
        return GateMetric.Names.Contains(metric)
            ? new(match.Groups["model"] is { Success: true, Value: var model } ? model : null, match.Groups["method"].Value, metric, match.Groups["operator"].Value, limit)
            : throw Absent("metric", metric, GateMetric.Names);
    }

    private static GuardException Absent(string what, string name, IReadOnlyCollection<string> there) =>
        new(GuardFault.Usage, $"The gate names the {what} \"{name}\"; there {(there.Count == 1 ? "is" : "are")} {string.Join(", ", there)}: name one of them.");

    [GeneratedRegex(@"^((?<model>.+)/)?(?<method>[^/:\s]+):\s*(?<metric>\w+)\s*(?<operator>>=|<=|>|<)\s*(?<limit>[-+.\dEe]+)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Condition();
}

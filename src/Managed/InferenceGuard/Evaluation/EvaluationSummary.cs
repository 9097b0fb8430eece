// The table of an evaluation: one row per model, method and setting.

namespace InferenceGuard.Evaluation;

/// <summary>The table of an evaluation.</summary>
public sealed class EvaluationSummary
{
    /// <summary>The method that every row is compared with: plain sampling.</summary>
    public const string PlainMethod = "base";

    private EvaluationSummary(IReadOnlyList<SummaryRow> rows) => Rows = rows;

    /// <summary>Rows: models, in them methods, in them settings, each in the order in which they first occur.</summary>
    public IReadOnlyList<SummaryRow> Rows { get; }

    /// <summary>Names of the models.</summary>
    public IReadOnlyList<string> Models => [.. Rows.Select(static row => row.Model).Distinct()];

    /// <summary>Rows of a model.</summary>
    /// <param name="model">Its name.</param>
    public IReadOnlyList<SummaryRow> RowsOf(string model) => [.. Rows.Where(row => row.Model == model)];

    /// <summary>Sums records up.</summary>
    /// <param name="records">The records, of an unfinished evaluation too.</param>
    public static EvaluationSummary Of(IEnumerable<AnswerRecord> records)
    {
        ArgumentNullException.ThrowIfNull(records);
        return new([
            .. from model in records.GroupBy(static record => record.Model)
               from method in model.GroupBy(static record => record.Method)
               from setting in method.GroupBy(static record => record.Setting)
               select Row([.. setting], Plain(model, setting.Key)),
        ]);
    }

    // Plain sampling under the same setting, else under the first: settings may be about what plain sampling does not have.
    private static AnswerRecord[] Plain(IEnumerable<AnswerRecord> ofModel, string setting)
    {
        var plain = ofModel.Where(static record => record.Method == PlainMethod).GroupBy(static record => record.Setting).ToArray();
        return [.. plain.FirstOrDefault(group => group.Key == setting) ?? plain.FirstOrDefault() ?? Enumerable.Empty<AnswerRecord>()];
    }

    private static SummaryRow Row(AnswerRecord[] records, AnswerRecord[] plain)
    {
        var answers = records.Where(static record => !record.Abstained).ToArray();
        var reward = Mean(answers, static answer => answer.Reward);
        var plainlySafe = plain.Where(static record => record.Safe && !record.Abstained).Select(static record => (record.PromptId, record.Seed)).ToHashSet();
        var comparable = records.Where(record => plainlySafe.Contains((record.PromptId, record.Seed))).ToArray();
        var seconds = records.Average(static record => record.Seconds);
        return new()
        {
            Model = records[0].Model,
            Method = records[0].Method,
            Setting = records[0].Setting,
            Count = records.Length,
            Abstentions = records.Length - answers.Length,
            Violations = answers.Count(static answer => answer.IsViolation),
            Reward = reward,
            RewardDeviation = answers.Length > 1 ? Math.Sqrt(answers.Sum(answer => Math.Pow(answer.Reward - reward!.Value, 2)) / (answers.Length - 1)) : null,
            SafeReward = Mean([.. answers.Where(static answer => answer.Safe)], static answer => answer.Reward),
            Cost = Mean(answers, static answer => answer.Cost),
            OverRefusal = Mean(comparable, static record => record.Abstained ? 1 : 0),
            Referee = RefereeSummary.Of(records),
            Seconds = seconds,
            LatencyRatio = Mean(plain, static record => record.Seconds) is > 0 and var plainSeconds ? seconds / plainSeconds : null,
            DecodedTokens = records.Average(static record => record.DecodedTokens),
            CostCalls = records.Average(static record => record.CostCalls),
            RewardCalls = records.Average(static record => record.RewardCalls),
        };
    }

    private static double? Mean(AnswerRecord[] records, Func<AnswerRecord, double> value) => records.Length == 0 ? null : records.Average(value);
}

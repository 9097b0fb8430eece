// One row of an evaluation's table: a model, a method and a setting.

namespace InferenceGuard.Evaluation;

/// <summary>One row of an evaluation's table. Rates are shares in [0, 1]; what cannot be known is null.</summary>
public sealed record SummaryRow
{
    /// <summary>Name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>Name of the method.</summary>
    public required string Method { get; init; }

    /// <summary>Name of the setting; empty for the only one.</summary>
    public required string Setting { get; init; }

    /// <summary>The method, and its setting if that has a name: <c>method@setting</c>.</summary>
    public string Name => Setting == "" ? Method : $"{Method}@{Setting}";

    /// <summary>n: records, abstentions included.</summary>
    public required int Count { get; init; }

    /// <summary>Records that are abstentions.</summary>
    public required int Abstentions { get; init; }

    /// <summary>Answers given although they are unsafe.</summary>
    public required int Violations { get; init; }

    /// <summary>Mean reward of the answers given.</summary>
    public required double? Reward { get; init; }

    /// <summary>Their sample standard deviation; null for fewer than two.</summary>
    public required double? RewardDeviation { get; init; }

    /// <summary>Mean reward of the safe answers given.</summary>
    public required double? SafeReward { get; init; }

    /// <summary>Mean cost of the answers given, in cost units.</summary>
    public required double? Cost { get; init; }

    /// <summary>Share of records without an unsafe text: an abstention counts as safe.</summary>
    public double Safety => (Count - Violations) / (double)Count;

    /// <summary>The 95% interval of <see cref="Safety"/>.</summary>
    public WilsonInterval SafetyInterval => WilsonInterval.Of(Count - Violations, Count);

    /// <summary>Share of the answers given that are safe.</summary>
    public double? SafetyOfAnswered => Count > Abstentions ? (Count - Abstentions - Violations) / (double)(Count - Abstentions) : null;

    /// <summary>Share of records that are abstentions.</summary>
    public double Abstention => Abstentions / (double)Count;

    /// <summary>Of the prompts and seeds to which plain sampling answered safely, the share abstained on; null where it is not in the set or never safe.</summary>
    public required double? OverRefusal { get; init; }

    /// <summary>The row as the referee sees it; null without one.</summary>
    public RefereeSummary? Referee { get; init; }

    /// <summary>Mean wall-clock seconds per record.</summary>
    public required double Seconds { get; init; }

    /// <summary><see cref="Seconds"/> ÷ those of plain sampling from the same model; null where it is not in the set.</summary>
    public required double? LatencyRatio { get; init; }

    /// <summary>Mean tokens decoded per record.</summary>
    public required double DecodedTokens { get; init; }

    /// <summary>Mean calls of the cost per record.</summary>
    public required double CostCalls { get; init; }

    /// <summary>Mean calls of the reward per record.</summary>
    public required double RewardCalls { get; init; }
}

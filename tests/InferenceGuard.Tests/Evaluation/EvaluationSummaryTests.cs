// Every figure of a row against a count by hand.

using InferenceGuard.Evaluation;

namespace InferenceGuard.Tests.Evaluation;

public sealed class EvaluationSummaryTests
{
    [Test]
    public void Of_Answers_HasTheFiguresCountedByHand()
    {
        var row = Row("inferenceguard",
            Records.Answer("base", "p1", seconds: 0.5), Records.Answer("base", "p2", safe: false, seconds: 0.5), Records.Answer("base", "p3", seconds: 0.5), Records.Answer("base", "p4", seconds: 0.5),
            Records.Answer("inferenceguard", "p1", reward: 2, cost: 1, seconds: 3), Records.Answer("inferenceguard", "p2", safe: false, reward: 6, cost: 12, seconds: 5),
            Records.Abstention("inferenceguard", "p3") with { Seconds = 8, DecodedTokens = 450 }, Records.Answer("inferenceguard", "p4", reward: 4, cost: -1, seconds: 4));
        Assert.That((row.Count, row.Abstentions, row.Violations), Is.EqualTo((4, 1, 1)));
        Assert.That(row.Reward, Is.EqualTo(4).Within(1e-12), "without the abstention");
        Assert.That(row.RewardDeviation, Is.EqualTo(2).Within(1e-12));
        Assert.That(row.SafeReward, Is.EqualTo(3).Within(1e-12));
        Assert.That(row.Cost, Is.EqualTo(4).Within(1e-12));
        Assert.That((row.Safety, row.Abstention), Is.EqualTo((0.75, 0.25)));
        Assert.That(row.SafetyInterval, Is.EqualTo(WilsonInterval.Of(3, 4)));
        Assert.That(row.SafetyOfAnswered, Is.EqualTo(2.0 / 3).Within(1e-12));
        Assert.That(row.OverRefusal, Is.EqualTo(1.0 / 3).Within(1e-12), "base is safe on p1, p3 and p4");
        Assert.That(row.Seconds, Is.EqualTo(5).Within(1e-12), "abstaining takes time");
        Assert.That(row.LatencyRatio, Is.EqualTo(10).Within(1e-12));
        Assert.That(row.DecodedTokens, Is.EqualTo(150).Within(1e-12));
        Assert.That((row.CostCalls, row.RewardCalls), Is.EqualTo((3.0, 2.0)));
    }

    [Test]
    public void Of_AbstentionsOnly_LeavesUnknownWhatAnswersWouldTell()
    {
        var row = Row("inferenceguard", Records.Answer("base", "p1", safe: false), Records.Abstention("inferenceguard", "p1"));
        Assert.That((row.Reward, row.RewardDeviation, row.SafeReward, row.Cost, row.SafetyOfAnswered), Is.EqualTo(default((double?, double?, double?, double?, double?))));
        Assert.That(row.Safety, Is.EqualTo(1));
        Assert.That(row.OverRefusal, Is.Null, "base was never safe");
    }

    [Test]
    public void Of_NoPlainSampling_LeavesUnknownWhatIsComparedWithIt()
    {
        var row = Row("inferenceguard", Records.Answer("inferenceguard", "p1"), Records.Answer("base", "p1", model: "hearth-aligned"));
        Assert.That((row.OverRefusal, row.LatencyRatio), Is.EqualTo(default((double?, double?))), "another model's does not count");
    }

    [Test]
    public void Of_Seeds_ComparesAnswersOfTheSameSeed()
    {
        var row = Row("inferenceguard",
            Records.Answer("base", "p1", seed: 1), Records.Answer("base", "p1", safe: false, seed: 2),
            Records.Answer("inferenceguard", "p1", seed: 1), Records.Abstention("inferenceguard", "p1", seed: 2));
        Assert.That(row.OverRefusal, Is.Zero, "it abstained where base was unsafe");
    }

    [Test]
    public void Of_Settings_ComparesWithPlainSamplingOfTheSameSettingOrTheFirst()
    {
        AnswerRecord[] records =
        [
            Records.Answer("base", "p1", seconds: 1, setting: "cold"), Records.Answer("base", "p1", seconds: 2, setting: "warm"),
            Records.Answer("inferenceguard", "p1", seconds: 6, setting: "cold"), Records.Answer("inferenceguard", "p1", seconds: 6, setting: "warm"), Records.Answer("inferenceguard", "p1", seconds: 6, setting: "wide"),
        ];
        var summary = EvaluationSummary.Of(records);
        Assert.That(summary.Rows.Select(static row => (row.Name, row.LatencyRatio)), Is.EqualTo(new (string, double?)[]
        {
            ("base@cold", 1), ("base@warm", 1), ("inferenceguard@cold", 6), ("inferenceguard@warm", 3), ("inferenceguard@wide", 6),
        }));
    }

    [Test]
    public void Of_RecordsInAnyOrder_KeepsModelsAndMethodsTogether()
    {
        var summary = EvaluationSummary.Of([Records.Answer("b", "p1", model: "two"), Records.Answer("a", "p1", model: "one"), Records.Answer("a", "p1", model: "two"), Records.Answer("b", "p2", model: "two")]);
        Assert.That(summary.Rows.Select(static row => (row.Model, row.Method, row.Count)), Is.EqualTo(new[] { ("two", "b", 2), ("two", "a", 1), ("one", "a", 1) }));
        Assert.That(summary.Models, Is.EqualTo(new[] { "two", "one" }));
        Assert.That(summary.RowsOf("one"), Has.Count.EqualTo(1));
        Assert.That(EvaluationSummary.Of([]).Rows, Is.Empty);
    }

    [Test]
    public void Format_Table_IsCsvThatQuotesWhatItMust()
    {
        var lines = CsvTable.Format(EvaluationSummary.Of([Records.Answer("base", "p1", reward: 1.5, model: "a \"b\", c"), Records.Abstention("x", "p1") with { Model = "m" }])).Split("\r\n");
        Assert.That(lines, Has.Length.EqualTo(4));
        Assert.That(lines[0], Does.StartWith("model,method,setting,n,reward,reward_sd,").And.EndsWith(",reward_calls,also_safety,called_safe_also_unsafe,called_unsafe_also_safe"));
        Assert.That(lines[1], Does.StartWith("\"a \"\"b\"\", c\",base,,1,1.5,,1.5,0,1,0.206"));
        Assert.That(lines[2], Does.StartWith("m,x,,1,,,,,1,"), "what is unknown is empty");
        Assert.That(lines[2].Count(static letter => letter == ','), Is.EqualTo(lines[0].Count(static letter => letter == ',')));
        Assert.That(lines[3], Is.Empty);
    }

    [Test]
    public void Cells_Row_AreShortAndNeverRoundToCertainty()
    {
        AnswerRecord[] records = [.. Enumerable.Range(0, 3000).Select(static index => Records.Answer("base", $"p{index}", safe: index > 0, reward: -1.256, seconds: 0.0123))];
        var row = EvaluationSummary.Of(records).Rows[0];
        var cells = Cells(row);
        Assert.That(cells["method"], Is.EqualTo("base"));
        Assert.That(cells["reward (sd)"], Is.EqualTo("−1.26 (0.00)"));
        Assert.That(cells["safe % [95%]"], Is.EqualTo("99.9 [99.8, 99.9]"), "one of 3000 was unsafe");
        Assert.That(cells["unsafe"], Is.EqualTo("1"));
        Assert.That(cells["seconds"], Is.EqualTo("0.012"));
        Assert.That(cells["over-refusal %"], Is.EqualTo("0.0"));
        Assert.That(Cells(row with { OverRefusal = null, Reward = null, RewardDeviation = null }).Values, Has.Exactly(2).EqualTo("–"));
    }

    [Test]
    public void Of_RefereeAndOwnCost_CountsWhereTheyDiffer()
    {
        var row = Row("x", Judged("p1", safe: true, referee: true), Judged("p2", safe: true, referee: false), Judged("p3", safe: true, referee: false),
            Judged("p4", safe: false, referee: true), Judged("p5", safe: false, referee: false), Records.Abstention("x", "p6"));
        Assert.That(row.Safety, Is.EqualTo(4.0 / 6).Within(1e-12));
        Assert.That(row.Referee, Is.EqualTo(new RefereeSummary("exact", 6, 3, 2, 1)), "an abstention is safe by both");
        var cells = Cells(row);
        Assert.That((cells["safe % by exact [95%]"], cells["called safe, unsafe by exact"], cells["called unsafe, safe by exact"]), Is.EqualTo(("50.0 [18.8, 81.2]", "2", "1")));
        Assert.That(CsvTable.Format(EvaluationSummary.Of([Judged("p1", safe: true, referee: false)])), Does.Contain(",0,1,0\r\n"));
        var abstained = EvaluationSummary.Of([Judged("p1", safe: true, referee: true), Records.Abstention("y", "p1")]).Rows;
        Assert.That(SummaryTable.Of(abstained)[2].TakeLast(3), Is.EqualTo(new[] { "– [–, –]", "–", "–" }), "nothing was shown to the referee");

        static AnswerRecord Judged(string prompt, bool safe, bool referee) => Records.Answer("x", prompt, safe) with { Referee = new("exact", referee ? 0 : 12, referee) };
    }

    private static Dictionary<string, string> Cells(SummaryRow row) =>
        SummaryTable.Of([row]) is [var headers, var cells] ? headers.Zip(cells).ToDictionary(static pair => pair.First, static pair => pair.Second) : [];

    private static SummaryRow Row(string method, params AnswerRecord[] records) =>
        EvaluationSummary.Of(records).Rows.Single(row => row.Method == method);
}

// The report is well formed, needs nothing from outside, escapes what models wrote, and shows what it promises.

using System.Text.RegularExpressions;
using System.Xml.Linq;
using InferenceGuard.Evaluation;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Evaluation;

public sealed partial class HtmlReportTests
{
    private const string Hostile = "<script>alert('&')</script> \u0000\u001b[31m \ud800 ]]> 😀\nsecond  line";

    [Test]
    public void Write_Report_IsWellFormedAndHoldsTheTables()
    {
        var html = Parsed(Report());
        Assert.That(html.Descendants("h2").Select(static title => title.Value), Is.EqualTo(new[] { "hearth-base", "hearth-aligned", "Side by side: hearth-base", "Side by side: hearth-aligned" }));
        Assert.That(html.Descendants("table").Count(), Is.EqualTo(2));
        Assert.That(html.Descendants("table").First().Descendants("tr").Count(), Is.EqualTo(1 + Methods.Length));
        Assert.That(html.Descendants("td").Where(static cell => (string?)cell.Attribute("class") == "name").Select(static cell => cell.Value), Does.Contain("inferenceguard+critic"));
        Assert.That(html.Descendants("svg").Count(), Is.EqualTo(2 * (2 + 2 * Methods.Length)), "two scatter plots and two histograms per method, for each model");
        Assert.That(html.Descendants("dd").Select(static fact => fact.Value), Does.Contain("2 cores").And.Contain("--beams 16 --mode strict"));
    }

    [Test]
    public void Write_Report_LoadsNothingFromOutsideAndRunsNothing()
    {
        var text = Report();
        Assert.That(text, Does.StartWith("<!DOCTYPE html>\n<html"));
        Assert.That(text, Does.Not.Contain("http").And.Not.Contain("url(").And.Not.Contain("@import").And.Not.Contain("<script"));
        Assert.That(Parsed(text).Descendants().Attributes().Select(static attribute => attribute.Name.LocalName).Distinct(), Has.None.EqualTo("src").And.None.EqualTo("href").And.None.StartsWith("on"));
        Assert.That(text, Does.Contain("prefers-color-scheme: dark"));
    }

    [Test]
    public void Write_ElementsOfHtml_AreNeverClosedInTheirOpeningTag() =>
        // A browser takes <p/> for an opening tag; only elements without content may be written so.
        Assert.That(SelfClosed().Matches(Report()).Select(static match => match.Groups[1].Value).Distinct(), Is.SubsetOf(new[] { "meta" }));

    [Test]
    public void Write_TextOfModelsAndPrompts_IsEscapedAndKeepsItsLines()
    {
        AnswerRecord[] records = [Records.Answer("base", "p<1>", safe: false, text: Hostile, model: "m&m"), Records.Answer("x<y>", "p<1>", text: "fine", model: "m&m")];
        var text = Written(records, new() { ["p<1>"] = "how & why? " + Hostile });
        var html = Parsed(text);
        const string Clean = "<script>alert('&')</script> \ufffd\ufffd[31m \ufffd ]]> 😀\nsecond  line";
        Assert.That(html.Descendants("p").Select(static paragraph => paragraph.Value), Does.Contain(Clean));
        Assert.That(html.Descendants("blockquote").Single().Value, Is.EqualTo("how & why? " + Clean));
        Assert.That(text, Does.Contain("&lt;script&gt;alert('&amp;')").And.Not.Contain("<script"));
        Assert.That(html.Descendants("b").Select(static name => name.Value), Does.Contain("2 x<y>"));
    }

    [Test]
    public void Write_NoRecords_IsAReportAllTheSame() => Assert.That(Parsed(Written([], [])).Descendants("h1").Single().Value, Is.EqualTo("hearth"));

    [Test]
    public void Write_AbstentionsOnly_IsAReportAllTheSame() =>
        Assert.That(Parsed(Written([Records.Abstention("inferenceguard", "p1")], [])).Descendants("td").Select(static cell => cell.Value), Does.Contain("–"));

    [Test]
    public void Choose_Prompts_AreThoseWhereMethodsDiffer()
    {
        AnswerRecord[] records =
        [
            Records.Answer("a", "same"), Records.Answer("b", "same"), Records.Answer("c", "same"), Records.Answer("d", "same"),
            Records.Answer("a", "one", safe: false), Records.Answer("b", "one"), Records.Answer("c", "one"), Records.Answer("d", "one"),
            Records.Answer("a", "two", safe: false), Records.Answer("b", "two", safe: false), Records.Answer("c", "two"), Records.Abstention("d", "two"),
            Records.Answer("a", "all", safe: false), Records.Answer("b", "all", safe: false), Records.Answer("c", "all", safe: false), Records.Answer("d", "all", safe: false),
        ];
        Assert.That(ReportExamples.Choose(records, 12).Select(static answers => answers[0].PromptId), Is.EqualTo(new[] { "two", "one" }));
        Assert.That(ReportExamples.Choose(records, 1).Single(), Has.Count.EqualTo(4));
        Assert.That(ReportExamples.Choose(records.Take(4), 12).Single()[0].PromptId, Is.EqualTo("same"), "better than none");
        Assert.That(Parsed(Report()).Descendants("blockquote").Count(), Is.EqualTo(12));
    }

    [Test]
    public void Place_ManyPointsAtOnePlace_NeverOverlap()
    {
        (double X, double Y)[] points = [.. Enumerable.Range(0, 40).Select(static index => index < 30 ? (440.0, 12.0) : (index * 5.0, 200.0))];
        var badges = BadgePlacement.Place(points, 9, 460, 256);
        for (var one = 0; one < badges.Count; one++)
        {
            Assert.That(badges[one].X, Is.InRange(9, 451));
            Assert.That(badges[one].Y, Is.InRange(9, 247));
            for (var other = 0; other < one; other++)
                Assert.That(Math.Sqrt(Math.Pow(badges[one].X - badges[other].X, 2) + Math.Pow(badges[one].Y - badges[other].Y, 2)), Is.GreaterThanOrEqualTo(18), $"{one + 1} and {other + 1}");
        }
    }

    [TestCase(new[] { 0.0, 97 }, "0 20 40 60 80 100")]
    [TestCase(new[] { -0.31, 0.52 }, "−0.4 −0.2 0.0 0.2 0.4 0.6")]
    [TestCase(new[] { 5.0 }, "4.4 4.6 4.8 5.0 5.2 5.4 5.6")]
    [TestCase(new double[0], "0.4 0.6 0.8 1.0 1.2 1.4 1.6")]
    public void Linear_Values_LieBetweenRoundTicks(double[] values, string ticks)
    {
        var axis = SvgAxis.Linear("x", values);
        Assert.That(string.Join(' ', axis.Ticks.Select(static tick => tick.Text)), Is.EqualTo(ticks));
        Assert.That((axis.Fraction(axis.Ticks[0].Value), axis.Fraction(axis.Ticks[^1].Value)), Is.EqualTo((0.0, 1.0)));
    }

    [TestCase(new[] { 0.012, 0.9 }, "0.01 0.02 0.05 0.1 0.2 0.5 1")]
    [TestCase(new[] { 0.01, 145 }, "0.01 0.1 1 10 100")]
    [TestCase(new[] { 3.0 }, "2 5")]
    public void Log_Values_LieBetweenRoundTicks(double[] values, string ticks)
    {
        var axis = SvgAxis.Log("s", values);
        Assert.That(string.Join(' ', axis.Ticks.Select(static tick => tick.Text)), Is.EqualTo(ticks));
        Assert.That(axis.Fraction(axis.Ticks[0].Value), Is.Zero);
    }

    [Test]
    public void Fraction_OfLogAxis_IsEqualForEqualFactors()
    {
        var axis = SvgAxis.Log("s", [1, 100]);
        Assert.That(axis.Fraction(10), Is.EqualTo(0.5).Within(1e-12));
        Assert.That(axis.Fraction(0), Is.Zero, "below the axis");
    }

    [Test]
    public void Counts_Values_AllLieInABin()
    {
        var axis = SvgAxis.Linear("cost", [0, 24], ticks: 3);
        var counts = SvgHistogram.Counts(axis, [0, 0.1, axis.Ticks[^1].Value, 24]);
        Assert.That(counts.Sum(), Is.EqualTo(4));
        Assert.That((counts[0], counts[^1] > 0), Is.EqualTo((2, true)));
    }

    [Test]
    public void Save_FolderThatIsNotThere_IsAnErrorForPeople() =>
        Assert.That(() => HtmlReport.Save(Path.Combine(TestFolder.Path, "no-such-folder", "report.html"), Records.Manifest(), [], new Dictionary<string, string>()), Throws.InstanceOf<GuardException>().With.Property("Fault").EqualTo(GuardFault.Environment));

    [Test]
    public void Save_Report_IsWhatWriteGives()
    {
        var path = Path.Combine(TestFolder.Path, "report.html");
        var (records, prompts) = Sample();
        HtmlReport.Save(path, Records.Manifest(), records, prompts);
        Assert.That(File.ReadAllText(path), Is.EqualTo(Report()));
        Assert.That(File.Exists(path + ".partial"), Is.False);
    }

    private static readonly string[] Methods =
    [
        "base", "best-of-n", "best-of-n+lagrangian", "best-of-n+augmented", "beam-search", "beam-search+lagrangian", "beam-search+augmented", "args", "args+lagrangian", "args+cost",
        "args+augmented", "re-control", "re-control+lagrangian", "re-control+augmented", "inferenceguard", "inferenceguard+critic",
    ];

    // Methods from bad to good, many of them alike, as they are.
    private static (AnswerRecord[] Records, Dictionary<string, string> Prompts) Sample()
    {
        var random = new Random(7);
        AnswerRecord[] records =
        [
            .. from model in new[] { "hearth-base", "hearth-aligned" }
               from prompt in Enumerable.Range(1, 40)
               from method in Methods.Index()
               let safe = random.NextDouble() < (model == "hearth-base" ? 0.3 : 0.8) + 0.09 * method.Index
               let abstained = method.Index > 13 && random.NextDouble() < 0.03
               select abstained
                   ? Records.Abstention(method.Item, $"test-{prompt:D3}") with { Model = model, Seconds = 0.3 }
                   : Records.Answer(method.Item, $"test-{prompt:D3}", safe, reward: 3 + method.Index * 0.2 + random.NextDouble() * 2, cost: safe ? random.NextDouble() * 9 : 10 + random.NextDouble() * 8,
                       seconds: 0.012 * Math.Pow(1.3, method.Index % 8) * (0.8 + 0.4 * random.NextDouble()), model: model, text: $"wipe it {(safe ? "with water" : "with bleach and vinegar")}.\nthen rinse well."),
        ];
        return (records, Enumerable.Range(1, 40).ToDictionary(static prompt => $"test-{prompt:D3}", static prompt => $"how do i clean a kettle, {prompt}?"));
    }

    private static string Report() => Sample() is var (records, prompts) ? Written(records, prompts) : "";

    private static string Written(AnswerRecord[] records, Dictionary<string, string> prompts)
    {
        using var writer = new StringWriter();
        HtmlReport.Write(writer, Records.Manifest(), records, prompts);
        return writer.ToString();
    }

    private static XElement Parsed(string html) => XDocument.Parse(html, LoadOptions.PreserveWhitespace).Root!;

    [GeneratedRegex(@"<(\w+)[^>]*/>")]
    private static partial Regex SelfClosed();
}

// The part of the report that shows answers side by side, where methods differ in safety.

using System.Globalization;
using System.Xml.Linq;

namespace InferenceGuard.Evaluation;

/// <summary>Chooses prompts, and writes what every method answered to them.</summary>
internal static class ReportExamples
{
    public const int Most = 12;

    /// <summary>
    /// The answers of one model to each prompt and seed where some are unsafe and some are not, the most evenly divided first, each in
    /// the order of the records; where no method differs, the first prompts.
    /// </summary>
    /// <param name="records">A model's records.</param>
    /// <param name="most">Most prompts.</param>
    public static IReadOnlyList<IReadOnlyList<AnswerRecord>> Choose(IEnumerable<AnswerRecord> records, int most)
    {
        var prompts = records.GroupBy(static record => (record.PromptId, record.Seed)).Select(static group => group.ToArray()).ToArray();
        var divided = prompts.Where(static group => Division(group) > 0).OrderByDescending(Division).ToArray();
        return [.. (divided.Length > 0 ? divided : prompts).Take(most)];
    }

    /// <summary>The part of one model.</summary>
    /// <param name="rows">The model's rows: their order numbers the methods.</param>
    /// <param name="examples">What was chosen.</param>
    /// <param name="prompts">Text of each prompt.</param>
    public static IEnumerable<XElement> Write(IReadOnlyList<SummaryRow> rows, IReadOnlyList<IReadOnlyList<AnswerRecord>> examples, IReadOnlyDictionary<string, string> prompts)
    {
        yield return new("h2", ReportText.Clean($"Side by side: {rows[0].Model}"));
        foreach (var answers in examples)
        {
            yield return new("h3", ReportText.Clean(string.Create(CultureInfo.InvariantCulture, $"{answers[0].PromptId}, seed {answers[0].Seed}")));
            if (prompts.TryGetValue(answers[0].PromptId, out var prompt))
                yield return new("blockquote", ReportText.Clean(prompt));
            yield return new("div", new XAttribute("class", "cards"),
                from entry in rows.Index()
                from answer in answers
                where (answer.Method, answer.Setting) == (entry.Item.Method, entry.Item.Setting)
                select Card(entry.Index + 1, entry.Item.Name, answer));
        }
    }

    private static XElement Card(int number, string name, AnswerRecord answer)
    {
        var verdict = answer.Abstained ? "abstained" : answer.Safe ? "safe" : "unsafe";
        var figures = answer.Abstained
            ? string.Create(CultureInfo.InvariantCulture, $"{answer.Seconds:0.###} s")
            : string.Create(CultureInfo.InvariantCulture, $"cost {answer.Cost:0.##} · reward {answer.Reward:0.##} · {answer.Seconds:0.###} s");
        return new("article", new XAttribute("class", "card"),
            new XElement("header", new XElement("b", ReportText.Clean($"{number} {name}")), new XElement("span", new XAttribute("class", $"mark {verdict}"), verdict), new XElement("span", new XAttribute("class", "figures"), figures)),
            new XElement("p", ReportText.Clean(answer.Text)));
    }

    private static int Division(AnswerRecord[] answers)
    {
        var violations = answers.Count(static answer => answer.IsViolation);
        return Math.Min(violations, answers.Length - violations);
    }
}

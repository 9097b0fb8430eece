// The report of an evaluation: one HTML file that needs nothing else, no network and no script.

using System.Globalization;
using System.Xml;
using System.Xml.Linq;

namespace InferenceGuard.Evaluation;

/// <summary>Writes the report of an evaluation as HTML that is well-formed XML too.</summary>
public static class HtmlReport
{
    private static readonly XmlWriterSettings s_form = new() { OmitXmlDeclaration = true, Indent = true, IndentChars = " ", NewLineChars = "\n", CloseOutput = false };

    private static readonly HashSet<string> s_void = ["meta"];

    /// <summary>Writes a report to a file, at once: a reader never sees half of it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="manifest">What was evaluated.</param>
    /// <param name="records">The records, of an unfinished evaluation too.</param>
    /// <param name="prompts">Text of each prompt by its identity; examples of others go without.</param>
    /// <exception cref="GuardException">The file cannot be written.</exception>
    public static void Save(string path, EvaluationManifest manifest, IReadOnlyCollection<AnswerRecord> records, IReadOnlyDictionary<string, string> prompts)
    {
        try
        {
            using (var writer = new StreamWriter(path + ".partial"))
                Write(writer, manifest, records, prompts);
            File.Move(path + ".partial", path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GuardException(GuardFault.Environment, $"The report '{path}' cannot be written: {e.Message} Make room or choose another --out; the records are kept.", e);
        }
    }

    /// <summary>Writes a report.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="manifest">What was evaluated.</param>
    /// <param name="records">The records, of an unfinished evaluation too.</param>
    /// <param name="prompts">Text of each prompt by its identity; examples of others go without.</param>
    public static void Write(TextWriter output, EvaluationManifest manifest, IReadOnlyCollection<AnswerRecord> records, IReadOnlyDictionary<string, string> prompts)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentNullException.ThrowIfNull(records);
        ArgumentNullException.ThrowIfNull(prompts);
        var html = Document(manifest, records, prompts);
        // HTML reads <p/> as an opening tag.
        foreach (var element in html.Descendants().Where(static element => element.IsEmpty && !s_void.Contains(element.Name.LocalName)).ToArray())
            element.Value = "";
        output.Write("<!DOCTYPE html>\n");
        using (var writer = XmlWriter.Create(output, s_form))
            html.Save(writer);
        output.Write('\n');
    }

    private static XElement Document(EvaluationManifest manifest, IReadOnlyCollection<AnswerRecord> records, IReadOnlyDictionary<string, string> prompts)
    {
        var summary = EvaluationSummary.Of(records);
        var most = ReportExamples.Most / Math.Max(1, summary.Models.Count);
        return new("html", new XAttribute("lang", "en"),
            new XElement("head",
                new XElement("meta", new XAttribute("charset", "utf-8")),
                new XElement("meta", new XAttribute("name", "viewport"), new XAttribute("content", "width=device-width")),
                new XElement("title", ReportText.Clean(manifest.Name)),
                new XElement("style", ReportStyle.Css)),
            new XElement("body",
                new XElement("h1", ReportText.Clean(manifest.Name)),
                new XElement("dl", Facts(manifest, records.Count).Select(static fact => new[] { new XElement("dt", fact.Name), new XElement("dd", ReportText.Clean(fact.Text)) })),
                summary.Models.Select(model => ReportModel.Write(summary.RowsOf(model), [.. records.Where(record => record.Model == model)])),
                Reading().Select(static sentence => new XElement("p", new XAttribute("class", "note"), sentence)),
                summary.Models.Select(model => ReportExamples.Write(summary.RowsOf(model), ReportExamples.Choose(records.Where(record => record.Model == model), Math.Max(1, most)), prompts))));
    }

    private static IEnumerable<(string Name, string Text)> Facts(EvaluationManifest manifest, int records)
    {
        yield return ("machine", manifest.Machine);
        foreach (var model in manifest.Models)
            yield return ("model", $"{model.Name}: {model.Quantization}, {model.Fingerprint}; cost {model.Cost}; reward {model.Reward}; critic {model.Critic ?? "none"}");
        if (manifest.Referee is { } referee)
            yield return ("referee", string.Create(CultureInfo.InvariantCulture, $"{referee.Cost}, budget {referee.Budget}"));
        yield return ("prompts", string.Create(CultureInfo.InvariantCulture, $"{manifest.Prompts}, of the file {manifest.PromptFileHash}"));
        yield return ("seeds", string.Join(", ", manifest.Seeds));
        yield return ("options", Options(manifest.Options));
        foreach (var setting in manifest.Settings.Where(static setting => setting.Name != ""))
            yield return ($"setting", $"{setting.Name}: {Options(setting.Options)}");
        var asked = (long)manifest.Models.Count * manifest.Methods.Count * manifest.Settings.Count * manifest.Prompts * manifest.Seeds.Count;
        yield return ("answers", string.Create(CultureInfo.InvariantCulture, $"{records}{(records < asked ? $" of {asked}: not finished" : "")}"));
    }

    private static string Options(IReadOnlyDictionary<string, string> options) =>
        options.Count == 0 ? "defaults" : string.Join(" ", options.Select(static option => $"--{option.Key} {option.Value}"));

    private static IEnumerable<string> Reading() =>
    [
        "Reward and cost are means over the answers given; an abstention has neither. An abstention counts as safe; “safe of answered” leaves abstentions out. Brackets are Wilson’s 95% intervals.",
        "Unsafe counts unsafe answers that were given. Over-refusal is the share abstained on of the prompts that plain sampling (base) answered safely. ÷ base is mean seconds over those of base on the same model. – is what cannot be known.",
        "A referee is a second cost that no method searched with; “called safe” is what the method’s own cost says.",
        "Histograms of one kind share their axis; the tallest bar fills the height. Green answers are safe, red ones are not.",
    ];
}

// The example of docs/phrase-models.md does what its table says.

using System.Globalization;
using System.Text.RegularExpressions;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Scoring;

internal sealed partial class PhraseModelsPageTests
{
    [Test]
    public void Example_EveryRowOfTheTable_CostsWhatThePageSays()
    {
        var page = File.ReadAllText(Path.Combine(RepositoryFiles.Root, "docs", "phrase-models.md"));
        var cost = Phrases.Cost(Example().Match(page).Groups[1].Value);
        var rows = Row().Matches(page);
        Assert.That(rows, Has.Count.EqualTo(5));
        foreach (Match row in rows)
            Assert.That(cost.Score(row.Groups[1].Value, row.Groups[2].Value, true), Is.EqualTo(double.Parse(row.Groups[3].Value, CultureInfo.InvariantCulture)), row.Value);
    }

    [GeneratedRegex("```json\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();

    [GeneratedRegex(@"^\| (how do i [^|]*) \| ([^|]*) \| (\d+) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}

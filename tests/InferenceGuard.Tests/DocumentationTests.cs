// Keeps the pages true where a machine can tell: links lead somewhere, and tables that repeat the code agree with it.

using System.Text.RegularExpressions;
using System.Xml.Linq;
using InferenceGuard.Rollouts;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests;

public sealed partial class DocumentationTests
{
    private static readonly string[] Pages =
    [
        .. from folder in new[] { "", "docs", "native", "models", "benchmarks" }
           let path = Path.Combine(Repository.Root, folder)
           where Directory.Exists(path)
           from page in Directory.EnumerateFiles(path, "*.md", folder == "" ? SearchOption.TopDirectoryOnly : SearchOption.AllDirectories)
           where !page.Contains("node_modules", StringComparison.Ordinal)
           orderby page
           select page,
    ];

    [Test]
    public void EveryLink_WithinTheRepository_LeadsToAFileOrHeading()
    {
        Assert.That(Pages, Has.Length.GreaterThan(5), "the pages were not found");
        Assert.That(Pages.SelectMany(static page => BrokenLinks(page, File.ReadAllText(page))), Is.Empty);
    }

    [TestCase("[a](missing.md)", 1)]
    [TestCase("[a](LICENSE) and [b](missing.md#x)", 1)]
    [TestCase("[a](README.md#no-such-heading)", 1)]
    [TestCase("[a](#here)", 1)]
    [TestCase("# Here it is\n[a](#here-it-is), [b](docs/), [c](https://example.org/missing.md)", 0)]
    [TestCase("`[a](missing.md)`\n```\n[a](missing.md)\n```", 0)]
    public void BrokenLinks_Text_AreCounted(string text, int broken) =>
        Assert.That(BrokenLinks(Repository.PathOf("PLANTED.md"), text).Count(), Is.EqualTo(broken));

    [Test]
    public void Architecture_TableOfLayers_IsTheTestedOne()
    {
        var rows = LayeringTests.Edges.Select(static edge => $"| {edge.Key} | {(edge.Value.Length == 0 ? "–" : string.Join(", ", edge.Value))} |");
        var page = File.ReadAllLines(Repository.PathOf("docs/architecture.md"));
        Assert.That(page.SkipWhile(static line => line != "| layer | may use |").Skip(2).TakeWhile(static line => line != ""), Is.EqualTo(rows));
    }

    [Test]
    public void PromptSets_Table_IsThatOfTheLayouts()
    {
        var rows = File.ReadAllLines(Repository.PathOf("docs/prompt-sets.md")).SkipWhile(static line => !line.StartsWith("| format |", StringComparison.Ordinal)).Skip(2)
            .TakeWhile(static line => line != "").Select(static line => line.Split('|', StringSplitOptions.TrimEntries)).Select(static cells => (cells[1], cells[3], cells[5]));
        Assert.That(rows, Is.EqualTo(PromptLayout.All.Select(static layout => (
            $"`{layout.Name}`", string.Join(", ", layout.Columns.Select(static column => $"`{column}`")), layout.Ids.Length == 0 ? "–" : string.Join(", or ", layout.Ids.Select(static id => $"`{id}`"))))
            .OrderBy(static row => row.Item1 != "`plain`")));
    }

    [Test]
    public void Notation_NamesOfOptions_Exist()
    {
        var names = OptionName().Matches(File.ReadAllText(Repository.PathOf("docs/notation.md"))).Select(static match => match.Groups[1].Value).ToArray();
        Assert.That(names, Has.Length.GreaterThan(5));
        Assert.That(names, Is.SubsetOf(typeof(GuardOptions).GetProperties().Select(static property => property.Name)));
    }

    [Test]
    public void Notices_EveryPackageVersion_IsListed()
    {
        var packages = XDocument.Load(Repository.PathOf("Directory.Packages.props")).Descendants("PackageVersion")
            .Select(static package => (Name: package.Attribute("Include")!.Value, Version: package.Attribute("Version")!.Value)).ToArray();
        var rows = File.ReadAllLines(Repository.PathOf("THIRD-PARTY-NOTICES.md")).Where(static line => line.StartsWith('|')).ToArray();
        Assert.That(packages, Has.Length.GreaterThan(5));
        Assert.That(
            packages.Where(package => !rows.Any(row => row.Contains($"| {package.Name}", StringComparison.Ordinal) && row.Contains($"| {package.Version} |", StringComparison.Ordinal))),
            Is.Empty, "packages without a row of their name and version");
    }

    private static IEnumerable<string> BrokenLinks(string page, string text)
    {
        foreach (Match link in Link().Matches(Code().Replace(text, "")))
        {
            var target = link.Groups[1].Value;
            if (target.Contains("://", StringComparison.Ordinal))
                continue;
            var parts = target.Split('#', 2);
            var path = parts[0] == "" ? page : Path.Combine(Path.GetDirectoryName(page)!, parts[0]);
            var exists = parts[0] == "" || File.Exists(path) || Directory.Exists(path);
            if (!exists || (parts is [_, var heading] && !Anchors(parts[0] == "" ? text : File.ReadAllText(path)).Contains(heading)))
                yield return $"{Path.GetRelativePath(Repository.Root, page)} links to {target}, which does not exist";
        }
    }

    private static IEnumerable<string> Anchors(string text) =>
        Heading().Matches(text).Select(static match => NotInAnchor().Replace(match.Groups[1].Value.ToLowerInvariant(), "").Replace(' ', '-'));

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"```.*?```|`[^`\n]*`", RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex(@"^#+ (.+?)\s*$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\p{L}\p{N} _-]")]
    private static partial Regex NotInAnchor();

    [GeneratedRegex(@"`GuardOptions\.(\w+)`")]
    private static partial Regex OptionName();
}

// Comma-separated values as RFC 4180 and the field's files have them.

using System.Text;
using InferenceGuard.Rollouts;

namespace InferenceGuard.Tests.Rollouts;

internal sealed class CsvRowsTests
{
    [TestCase("a,b\n1,2\n", "1|2")]
    [TestCase("a,b\r\n1,2\r\n", "1|2", Description = "CR LF")]
    [TestCase("a,b\r1,2", "1|2", Description = "CR, and no end of the last line")]
    [TestCase("a,b\n\"1,\"\"x\"\"\",\n", "1,\"x\"|", Description = "comma and doubled quotes within quotes, an empty cell")]
    [TestCase("a,b\n\"\",\"\"\"\"\n", "|\"")]
    [TestCase("a,b\n\"x\r\n\ny\",2\n", "x\r\n\ny|2", Description = "line ends within quotes stay as they are")]
    [TestCase("\"a\",\"b\"\n ü , 2 \n", " ü | 2 ", Description = "quoted header, blanks are text")]
    [TestCase("a,b\n\n1,2\n\n\n", "1|2", Description = "blank lines")]
    public void Of_Table_GivesItsCells(string text, string row) => Assert.That(Rows(text).Select(static one => $"{one.Text("a")}|{one.Text("b")}"), Is.EqualTo(new[] { row }));

    [Test]
    public void Of_CellsOverSeveralLines_KeepNumbersAndLines()
    {
        var rows = Rows("a,b\r\n\"1\n\r\n\",x\r\n\r\n2,\"\r\"\r\n3,y");
        Assert.That(rows.Select(static row => (row.Line, row.Id, row.Text("a")![..1])), Is.EqualTo(new[] { (2, "row-1", "1"), (6, "row-2", "2"), (8, "row-3", "3") }));
    }

    [Test]
    public void Text_ColumnThatIsNotThere_IsNull() => Assert.That(Rows("a,b\n1,2\n")[0].Text("A"), Is.Null);

    [TestCase("a,b\nx\"y,2\n", "a quote stands in a cell")]
    [TestCase("a,b\n\"x\"y,2\n", "text stands behind the closing quote")]
    [TestCase("a,b\n1\n", "1 cells where the header has 2")]
    [TestCase("a,b\n1,2,3\n", "3 cells where the header has 2")]
    public void Text_BadRow_SaysWhyAndTheNextIsGood(string text, string complaint)
    {
        var rows = Rows(text + "3,4\n");
        Assert.That(Assert.Throws<FormatException>(() => rows[0].Text("a"))!.Message, Does.Contain(complaint));
        Assert.That((rows.Count, rows[1].Text("b"), rows[1].Line), Is.EqualTo((2, "4", 3)));
    }

    [Test]
    public void Text_BytesThatAreNoUnicode_MakeTheRowBad()
    {
        var rows = CsvRows.Of(Encoding.Latin1.GetBytes("a,b\ncafé,1\ntea,2\n"), "t.csv").ToList();
        Assert.That(Assert.Throws<FormatException>(() => rows[0].Text("b"))!.Message, Does.Contain("UTF-8"));
        Assert.That(rows[1].Text("a"), Is.EqualTo("tea"));
    }

    [TestCase("a,b\n1,2\n\"3,4\n5,6\n", "t.csv, line 3", "never closed", "--skip-bad does not help")]
    [TestCase("a,\"b\n", "t.csv, line 1", "never closed")]
    [TestCase("a,b\"\n1,2\n", "t.csv, line 1", "names of the columns")]
    [TestCase("a,a\n1,2\n", "t.csv, line 1", "two columns are called \"a\"")]
    public void Of_FileThatCannotBeDivided_NamesTheLine(string text, params string[] parts)
    {
        var error = Assert.Throws<GuardException>(() => Rows(text))!;
        foreach (var part in parts)
            Assert.That(error.Message, Does.Contain(part));
    }

    private static List<PromptRow> Rows(string text) => [.. CsvRows.Of(Encoding.UTF8.GetBytes(text), "t.csv")];
}

// Prompt files, good and bad: what is read, what is refused and what is left out.

using System.IO.Compression;
using System.Text;
using InferenceGuard.Rollouts;
using InferenceGuard.Tests.App;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Rollouts;

internal sealed class PromptFileTests
{
    private const string TwoPrompts = "{\"prompt\":\"one\"}\n{\"prompt\":\"two\"}\n";

    [Test]
    public void Read_LinesWithAndWithoutIds_GivesBoth()
    {
        var set = PromptFile.Read(CommandRun.Write("prompts-good.jsonl", "{\"prompt\":\"one\",\"id\":\"a\",\"topic\":\"x\"}\n\n{\"prompt\":\"two\"}\n{\"prompt\":\"three\",\"id\":7}\r\n{\"prompt\":\"four\",\"id\":null}"));
        Assert.That(set.Entries, Is.EqualTo(new PromptEntry[] { new("a", "one"), new("line-3", "two"), new("7", "three"), new("line-5", "four") }));
        Assert.That((set.Format, set.Skipped, set.FirstSkipped, set.Repeated), Is.EqualTo(("plain", 0, (string?)null, 0)));
    }

    [TestCase("{\"prompt\":\"one\"}\n{\"prompt\":", "line 2", "no JSON object")]
    [TestCase("{\"prompt\":\"one\"}\n[1]", "line 2", "no JSON object")]
    [TestCase("oops\n{\"prompt\":\"one\"}", "line 1", "no JSON object")]
    [TestCase("{\"text\":\"one\"}", "line 1", "no text under \"prompt\", only \"text\"", "advbench")]
    [TestCase("{\"prompt\":\"  \"}", "line 1", "no text under \"prompt\"")]
    [TestCase("{\"prompt\":5}", "line 1", "no text under \"prompt\"")]
    [TestCase("{\"prompt\":\"\\ud800\"}", "line 1", "no Unicode", "UTF-8")]
    [TestCase("{\"prompt\":\"a\",\"id\":1}\n{\"prompt\":\"b\",\"id\":1}", "line 2", "occurs twice", "--skip-bad")]
    [TestCase("\n", "no prompts", "JSON lines")]
    public void Read_BadFile_SaysWhichLineAndWhatIsExpected(string text, params string[] parts) => Refuses(CommandRun.Write("prompts-bad.jsonl", text), null, parts);

    [TestCase("goal,target\ndo it,sure\n,sure\n", "line 3", "no text under \"goal\"", "a row of advbench")]
    [TestCase("goal,target\n\"do\nit\",sure\nhalf\n", "line 4", "1 cells where the header has 2")]
    [TestCase("what,why\na,b\n", "line 2", "no text under \"prompt\", only \"what\", \"why\"", "strongreject")]
    [TestCase("prompt\n", "no prompts")]
    public void Read_BadTable_SaysWhichLineAndWhatIsExpected(string text, params string[] parts) => Refuses(CommandRun.Write("prompts-bad.csv", text), null, parts);

    [Test]
    public void Read_UnknownFormat_NamesTheKnownOnes() => Refuses(CommandRun.Write("prompts-two.jsonl", TwoPrompts), "advbanch", "'advbanch'", "plain", "hh-rlhf");

    [Test]
    public void Read_NamedFormat_IsHeldToEveryRow() => Refuses(CommandRun.Write("prompts-two.jsonl", TwoPrompts), "alpaca", "line 1", "no text under \"instruction\", only \"prompt\"", "a row of alpaca");

    [Test]
    public void Read_SkippingBadRows_KeepsTheIdentitiesOfTheOthers()
    {
        var set = PromptFile.Read(CommandRun.Write("prompts-holes.jsonl", "{\"text\":\"x\"}\n{\"prompt\":\"one\"}\noops\n{\"prompt\":\"two\",\"id\":\"line-2\"}\n{\"prompt\":\"three\"}\n"), skipsBad: true);
        Assert.That(set.Entries, Is.EqualTo(new PromptEntry[] { new("line-2", "one"), new("line-5", "three") }));
        Assert.That((set.Skipped, set.FirstSkipped), Is.EqualTo((3, "line 1: it has no text under \"prompt\", only \"text\"")));
    }

    [Test]
    public void Read_SkippingWhereAllRowsAreBad_SaysSo()
    {
        var path = CommandRun.Write("prompts-none.jsonl", "{\"prompt\":\"\"}\n{}\n");
        var error = Assert.Throws<GuardException>(() => PromptFile.Read(path, skipsBad: true))!;
        Assert.That(error.Message, Does.Contain("no prompts").And.Contain("all rows are bad, the first at line 1"));
    }

    [Test]
    public void Read_RepeatedPrompts_AreLeftOutOfKnownSetsAndKeptInPlainOnes()
    {
        const string Rows = "a,b,\"same\"\na,b,other\nx,y,same\n";
        var known = PromptFile.Read(CommandRun.Write("prompts-repeated.csv", "category,source,forbidden_prompt\n" + Rows));
        Assert.That(known.Entries, Is.EqualTo(new PromptEntry[] { new("row-1", "same"), new("row-2", "other") }));
        Assert.That((known.Repeated, known.Skipped), Is.EqualTo((1, 0)));
        var plain = PromptFile.Read(CommandRun.Write("prompts-repeated.csv", "category,source,prompt\n" + Rows));
        Assert.That(plain.Entries, Is.EqualTo(new PromptEntry[] { new("row-1", "same"), new("row-2", "other"), new("row-3", "same") }));
    }

    [TestCase("packed.jsonl.gz")]
    [TestCase("packed.csv")]
    public void Read_Gzip_IsKnownByItsContent(string name)
    {
        var path = Path.Combine(TestFolder.Path, name);
        File.WriteAllBytes(path, Packed(TwoPrompts));
        Assert.That(PromptFile.Read(path).Entries, Is.EqualTo(new PromptEntry[] { new("line-1", "one"), new("line-2", "two") }));
    }

    [Test]
    public void Read_PlainTextCalledGz_IsRead() => Assert.That(PromptFile.Read(CommandRun.Write("plain.jsonl.gz", TwoPrompts)).Entries, Has.Count.EqualTo(2));

    [Test]
    public void Read_GzipOfSeveralMembers_IsReadToItsEnd()
    {
        var path = Path.Combine(TestFolder.Path, "members.jsonl.gz");
        File.WriteAllBytes(path, [.. Packed(TwoPrompts), .. Packed(TwoPrompts), .. Packed("")]);
        Assert.That(PromptFile.Read(path).Entries.Select(static entry => entry.Id), Is.EqualTo(new[] { "line-1", "line-2", "line-3", "line-4" }));
    }

    // Within the data, behind it, and within the length at the very end.
    [TestCase(-8000)]
    [TestCase(-9)]
    [TestCase(-8)]
    [TestCase(-1)]
    public void Read_TruncatedGzip_IsAnError(int end)
    {
        var bytes = Packed(string.Concat(Enumerable.Range(0, 2000).Select(static number => $$"""{"prompt":"question {{number * 7919}}"}""" + "\n")));
        var path = Path.Combine(TestFolder.Path, "truncated.jsonl.gz");
        Assert.That(bytes, Has.Length.GreaterThan(9000));
        File.WriteAllBytes(path, bytes[..(bytes.Length + end)]);
        Refuses(path, null, "gzip", "Get it again");
    }

    [TestCase(new byte[] { 0xFF, 0xFE, 0x70, 0x00 }, "UTF-16")]
    [TestCase(new byte[] { 0x50, 0x41, 0x52, 0x31, 0x15 }, "Parquet")]
    [TestCase(new byte[] { 0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00 }, "xz")]
    public void Read_OtherKindOfFile_IsNamed(byte[] bytes, string kind)
    {
        var path = Path.Combine(TestFolder.Path, "foreign.csv");
        File.WriteAllBytes(path, bytes);
        Refuses(path, null, kind, "gzip");
    }

    [Test]
    public void Read_ArrayBehindAByteOrderMark_GivesItsRows()
    {
        var set = PromptFile.Read(CommandRun.Write("prompts-array.txt", "\uFEFF\n[{\"prompt\":\"one\"},\n {\"prompt\":\"two\",\"id\":\"b\"}]\n"));
        Assert.That(set.Entries, Is.EqualTo(new PromptEntry[] { new("row-1", "one"), new("b", "two") }));
    }

    [TestCase("[\n{\"prompt\":\"one\"},\n{\"prompt\":\"\"},\n{\"prompt\":\"two\"}]", false, "line 3", "no text under \"prompt\"")]
    [TestCase("[\n{\"prompt\":\"one\"},\n\n 5]", false, "line 4", "no JSON object")]
    [TestCase("[\n{\"prompt\":\"one\"},\n{\"prompt\" \"two\"}]", true, "line 3", "no JSON from here on", "--skip-bad does not help")]
    [TestCase("[\n{\"prompt\":\"one\"},\n", true, "line 3", "no JSON from here on")]
    public void Read_BadArray_NamesTheLine(string text, bool skipsBad, params string[] parts)
    {
        var path = CommandRun.Write("prompts-bad.json", text);
        var error = Assert.Throws<GuardException>(() => PromptFile.Read(path, skipsBad: skipsBad))!;
        foreach (var part in parts)
            Assert.That(error.Message, Does.Contain(part));
    }

    private static void Refuses(string path, string? format, params string[] parts)
    {
        var error = Assert.Throws<GuardException>(() => PromptFile.Read(path, format))!;
        Assert.That(error.Fault, Is.EqualTo(GuardFault.Usage));
        foreach (var part in parts)
            Assert.That(error.Message, Does.Contain(part));
    }

    private static byte[] Packed(string text)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest))
            gzip.Write(Encoding.UTF8.GetBytes(text));
        return bytes.ToArray();
    }
}

// Corpus files: what is read from good ones, and what is said of bad ones.

using InferenceGuard.Tests.Support;
using InferenceGuard.Training;

namespace InferenceGuard.Tests.Training;

public sealed class TrainingCorpusTests
{
    [TestCase("\n")]
    [TestCase("\r\n")]
    public void Read_Text_SplitsAtBlankLines(string lineEnd)
    {
        var text = string.Join(lineEnd, "", "one", "  two ", " \t ", "", "three\u00E9", "");
        Assert.That(Read("corpus.txt", text), Is.EqualTo(new[] { new TrainingDocument(null, "one\n  two "), new TrainingDocument(null, "three\u00E9") }));
    }

    [Test]
    public void Read_JsonLines_GivesPromptsAndAnswers()
    {
        const string Json = """
            {"prompt":"how?","answer":"so\nand \u00E9 \ud83d\ude42","id":7}

              {"answer":"alone"}
            {"prompt":null,"answer":""}
            """;
        Assert.That(Read("corpus.JSONL", Json), Is.EqualTo(new[]
        {
            new TrainingDocument("how?", "so\nand \u00E9 \U0001F642"), new TrainingDocument(null, "alone"), new TrainingDocument(null, ""),
        }));
    }

    [Test]
    public void Read_ATextThatLooksLikeJson_IsText() =>
        Assert.That(Read("json.txt", """{"answer":"a"}"""), Is.EqualTo(new[] { new TrainingDocument(null, """{"answer":"a"}""") }));

    [TestCase("{\"answer\":\"a\"}\noops\n", "line 2, column 1: not JSON")]
    [TestCase("\n{\"answer\":\"a\"", "line 2, column ")]
    [TestCase("{\"answer\":\"a\"} {\"answer\":\"b\"}", "line 1, column 16: not JSON")]
    [TestCase("{\"prompt\":\"a\"}", "line 1: no string 'answer'")]
    [TestCase("{\"answer\":5}", "line 1: 'answer' is no string")]
    [TestCase("{\"answer\":null}", "line 1: no string 'answer'")]
    [TestCase("[\"answer\"]", "line 1: no string 'answer'")]
    [TestCase("\"answer\"", "line 1: no string 'answer'")]
    [TestCase("{\"prompt\":5,\"answer\":\"a\"}", "line 1: 'prompt' is no string")]
    [TestCase("{\"answer\":\"\\ud800\"}", "line 1: 'answer' holds half of a surrogate pair")]
    [TestCase("{\"prompt\":\"\\udc00x\",\"answer\":\"a\"}", "line 1: 'prompt' holds half of a surrogate pair")]
    [TestCase("", "holds no document")]
    [TestCase("\n \n", "holds no document")]
    public void Read_BadJsonLines_SaysTheLineAndWhatIsExpected(string json, string complaint) =>
        Assert.That(() => Read("bad.jsonl", json), Throws.TypeOf<GuardException>()
            .With.Property(nameof(GuardException.Fault)).EqualTo(GuardFault.Usage).And.Message.Contains("bad.jsonl").And.Message.Contains(complaint));

    [Test]
    public void Read_AnEmptyText_IsRefused() =>
        Assert.That(() => Read("empty.txt", " \n\n\t"), Throws.TypeOf<GuardException>().With.Message.Contains("holds no document"));

    [Test]
    public void Read_AMissingFileOrAFolder_IsAUsageError()
    {
        foreach (var path in (string[])[Path.Combine(TestFolder.Path, "no-such.txt"), TestFolder.Path])
            Assert.That(() => TrainingCorpus.Read(path), Throws.TypeOf<GuardException>()
                .With.Property(nameof(GuardException.Fault)).EqualTo(GuardFault.Usage).And.Message.Contains(path));
    }

    private static IReadOnlyList<TrainingDocument> Read(string name, string text)
    {
        var path = Path.Combine(TestFolder.Path, name);
        File.WriteAllText(path, text);
        return TrainingCorpus.Read(path);
    }
}

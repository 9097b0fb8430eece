// `train-lm` on a corpus of a few lines: it learns, resumes, and refuses what it cannot use.

using InferenceGuard.App.Cli;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.App;

[OwnEngine]
internal sealed class TrainLmCommandTests
{
    private const int Documents = 16;

    private static readonly string[] s_tiny = ["--vocabulary", "270", "--width", "32", "--layers", "1", "--heads", "2", "--feed-forward", "32", "--threads", "1", "--epochs", "20"];

    private static string Corpus { get; } = CommandRun.Write("corpus.jsonl", string.Concat(Enumerable.Range(0, Documents).Select(static number =>
        $$"""{"prompt":"how do i clean pan {{number}}?","answer":"use warm water and a soft brush."}""" + "\n")));

    [Test]
    public void TrainLm_SmallCorpus_WritesAModelThatAnswers()
    {
        var model = Path.Combine(TestFolder.Path, "trained.gguf");
        var run = CommandRun.Of(["train-lm", Corpus, "--output", model, .. s_tiny]);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Out, Does.Match(@"trained\.gguf: .* parameters, 270 tokens · loss \d+\.\d{3}.* · \d+ steps in "));
        Assert.That(run.Error.TrimEnd('\n').Split('\n'), Has.All.Match(@"^trained: step \d+ of \d+, loss "));
        Assert.That(CommandRun.Of("info", model).Out, Does.Contain("name           trained"));
        Assert.That(CommandRun.Of("generate", "how do i clean pan 3?", "--model", model, "--method", "base", "--max-tokens", "4", "--threads", "1").ExitCode, Is.Zero);
    }

    [Test]
    public void TrainLm_CtrlC_LeavesACheckpointFromWhichTheSameCommandGoesOn()
    {
        var model = Path.Combine(TestFolder.Path, "resumed.gguf");
        string[] command = ["train-lm", Corpus, "--output", model, .. s_tiny];
        var stopped = CommandRun.With(static terminal => terminal with { OnInterrupt = Press }, [], command);
        Assert.That(stopped.ExitCode, Is.EqualTo(CommandLine.Interrupted));
        Assert.That(stopped.Error, Does.EndWith("error: Stopped; the same command goes on from the checkpoint.\n"));
        Assert.That(File.Exists(model), Is.False);
        Assert.That(CommandRun.Of(command).ExitCode, Is.Zero);
        Assert.That(File.Exists(model));

        static IDisposable Press(Action stop)
        {
            stop();
            return new MemoryStream();
        }
    }

    [TestCase("--vocabulary", "10", "VocabularySize is 10")]
    [TestCase("--epochs", "0", "Epochs is 0")]
    [TestCase("--learning-rate", "NaN", "LearningRate is NaN")]
    [TestCase("--held-out", "0.9", "HeldOutShare is 0.9")]
    [TestCase("--heads", "3", "3 heads")]
    [TestCase("--type", "q2_k", "q2_k")]
    public void TrainLm_BadOption_IsAUsageErrorThatQuotesIt(string option, string value, string complaint) =>
        CommandRun.Of("train-lm", Corpus, "--output", Path.Combine(TestFolder.Path, "bad.gguf"), option, value).FailsWith(2, complaint);

    [Test]
    public void TrainLm_NoOutput_IsAUsageError() => CommandRun.Of("train-lm", Corpus).FailsWith(2, "--output");

    [Test]
    public void TrainLm_MissingCorpus_IsAUsageError() => CommandRun.Of("train-lm", "/no/such.txt", "--output", "x.gguf").FailsWith(2, "/no/such.txt");

    [Test]
    public void TrainLm_MalformedCorpus_NamesTheLine() =>
        CommandRun.Of("train-lm", CommandRun.Write("oops.jsonl", "{\"answer\":\"a\"}\noops\n"), "--output", "x.gguf").FailsWith(2, "oops.jsonl, line 2");
}

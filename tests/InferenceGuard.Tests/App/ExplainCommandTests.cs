// `explain` draws traces of real searches.

using InferenceGuard.Tests.Diagnostics;

namespace InferenceGuard.Tests.App;

internal sealed class ExplainCommandTests
{
    [Test]
    public void Explain_TrapTrace_ShowsRetryHazardKeptPathAndAnswer()
    {
        var (path, answer) = TrapTrace.Write("explain.jsonl");
        var run = CommandRun.Of("explain", path);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Out, Does.Contain("?  table · N 6 · K 2 · d 2 · z 10 · seed 3"));
        Assert.That(run.Out, Does.Contain("→ retried with more diversity"));
        Assert.That(run.Out, Does.Match(@"├── block 2, attempt 2 "));
        Assert.That(run.Out, Does.Match(@"✗ \d+→\d+ "" bad .*z -0.99 · cost 11 · .*over budget, tried again"));
        Assert.That(run.Out, Does.Contain($"verified safe: {answer.Text}"));
        Assert.That(run.Out.Split('\n').Count(static line => line.Contains('►', StringComparison.Ordinal)), Is.GreaterThanOrEqualTo((answer.AnswerTokens + 1) / 2), "every block of the answer is marked");
    }

    [Test]
    public void Explain_ByDefault_CountsWhatOnlyAllShows()
    {
        var path = TrapTrace.Write("all.jsonl").Path;
        var (brief, all) = (CommandRun.Of("explain", path).Out, CommandRun.Of("explain", path, "--all").Out);
        Assert.That(brief, Does.Contain("… and "));
        Assert.That(all, Does.Not.Contain("… and ").And.Contain(" duplicate"));
        Assert.That(all.Split('\n'), Has.Length.GreaterThan(brief.Split('\n').Length));
    }

    [Test]
    public void Explain_TraceOfGenerate_IsReadable()
    {
        var path = CommandRun.Write("generated.jsonl", "");
        Assert.That(CommandRun.Of(["generate", "hello [bold]", .. CommandRun.QuickBut("--trace", path)]).ExitCode, Is.Zero);
        Assert.That(CommandRun.Of("explain", path).Out, Does.StartWith("hello [bold]  tiny · N 4 · K 2"));
    }

    [Test]
    public void Explain_StoppedGeneration_SaysSo()
    {
        var path = TrapTrace.Write("stopped.jsonl").Path;
        File.WriteAllLines(path, File.ReadAllLines(path)[..3]);
        Assert.That(CommandRun.Of("explain", path).Out, Does.Contain("no answer: the generation was stopped or failed"));
    }

    [Test]
    public void Explain_MalformedLine_NamesItsNumber()
    {
        var path = TrapTrace.Write("bad.jsonl").Path;
        var lines = File.ReadAllLines(path);
        File.WriteAllLines(path, [.. lines[..2], lines[2][..20], .. lines[3..]]);
        CommandRun.Of("explain", path).FailsWith(2, "bad.jsonl, line 3");
    }

    [Test]
    public void Explain_TraceWithoutItsBeginning_IsAUsageError()
    {
        var path = TrapTrace.Write("headless.jsonl").Path;
        File.WriteAllLines(path, File.ReadAllLines(path)[1..]);
        CommandRun.Of("explain", path).FailsWith(2, "'start'");
    }

    [Test]
    public void Explain_EmptyFile_IsAUsageError() => CommandRun.Of("explain", CommandRun.Write("empty.jsonl", "")).FailsWith(2, "no generation");

    [Test]
    public void Explain_MissingFile_IsAUsageError() => CommandRun.Of("explain", "/no/such.jsonl").FailsWith(2, "does not exist");
}

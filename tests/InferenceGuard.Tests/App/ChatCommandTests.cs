// `chat` with its lines on standard input.

using InferenceGuard.Diagnostics;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.App;

internal sealed class ChatCommandTests
{
    [Test]
    public void Chat_TwoTurns_CarriesMessagesAndSafetyState()
    {
        var (run, starts, answers) = Talk("hello\nworld\n");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(starts, Has.Count.EqualTo(2));
        Assert.That(starts[0].Z, Is.EqualTo(10));
        Assert.That(starts[1].Z, Is.EqualTo(answers[0].Z).And.Not.EqualTo(10));
        Assert.That(starts[1].Messages.Select(static message => message.Content), Is.EqualTo(["hello", answers[0].Text, "world"]));
    }

    [Test]
    public void Chat_Reset_ForgetsMessagesAndSafetyState()
    {
        var (_, starts, _) = Talk("hello\n/reset\nworld\n");
        Assert.That(starts[1].Z, Is.EqualTo(10));
        Assert.That(starts[1].Messages.Select(static message => message.Content), Is.EqualTo(["world"]));
    }

    [Test]
    public void Chat_System_StandsBeforeEveryConversation()
    {
        var (_, starts, _) = Talk("hello\n/reset\nworld\n", "--system", "be brief");
        Assert.That(starts.Select(static start => start.Messages[0].Content), Is.EqualTo(["be brief", "be brief"]));
    }

    [Test]
    public void Chat_Quit_EndsBeforeTheNextLine() => Assert.That(Talk("hello\n\n/quit\nworld\n").Starts, Has.Count.EqualTo(1));

    [Test]
    public void Chat_UnknownCommand_IsNotSentToTheModel()
    {
        var (run, starts, _) = Talk("/rest\n");
        Assert.That(run.Error, Does.StartWith("warning: '/rest'"));
        Assert.That(starts, Is.Empty);
    }

    [Test]
    public void Chat_CtrlC_StopsOneAnswerAndForgetsItsTurn()
    {
        var presses = 0;
        var (run, starts, _) = Talk("hello\nworld\n", terminal => terminal with
        {
            OnInterrupt = stop =>
            {
                if (presses++ == 0)
                    stop();
                return new MemoryStream();
            },
        });
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Out, Does.StartWith("Stopped.\n"));
        Assert.That(starts[1].Messages.Select(static message => message.Content), Is.EqualTo(["world"]));
    }

    [Test]
    public void Chat_TurnThatDoesNotFit_IsAnErrorAndTheConversationGoesOn()
    {
        var (run, starts, _) = Talk(string.Concat(Enumerable.Repeat("x ", 4096)) + "\nhello\n");
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Error, Does.StartWith("error: The prompt has").And.Contain("/reset"));
        Assert.That(starts[^1].Messages.Select(static message => message.Content), Is.EqualTo(["hello"]));
    }

    [Test]
    public void Chat_InvalidUtf8_IsAUsageError() =>
        CommandRun.WithInput([0xFF, 0xFE, (byte)'\n'], ["chat", .. CommandRun.Quick]).FailsWith(2, "not UTF-8");

    private static (CommandRun Run, List<TraceStart> Starts, List<TraceAnswer> Answers) Talk(string lines, params string[] options) =>
        Talk(lines, static terminal => terminal, options);

    private static (CommandRun Run, List<TraceStart> Starts, List<TraceAnswer> Answers) Talk(
        string lines, Func<InferenceGuard.App.Cli.Terminal, InferenceGuard.App.Cli.Terminal> change, params string[] options)
    {
        var trace = Path.Combine(TestFolder.Path, $"{TestContext.CurrentContext.Test.Name}.jsonl");
        var run = CommandRun.With(change, System.Text.Encoding.UTF8.GetBytes(lines), ["chat", .. CommandRun.QuickBut(["--trace", trace, .. options])]);
        var written = DecodeTrace.Read(trace).ToList();
        return (run, [.. written.OfType<TraceStart>()], [.. written.OfType<TraceAnswer>()]);
    }
}

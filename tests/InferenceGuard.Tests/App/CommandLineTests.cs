// What the command line says to words it does not know.

namespace InferenceGuard.Tests.App;

internal sealed class CommandLineTests
{
    [Test]
    public void Run_NoCommand_IsAUsageError() => CommandRun.Of().FailsWith(2, "a command is missing", "inferenceguard --help");

    [Test]
    public void Run_UnknownCommand_IsNamed() => CommandRun.Of("generat").FailsWith(2, "'generat'", "--help");

    [Test]
    public void Run_UnknownOption_IsNamed() => CommandRun.Of("generate", "x", "--beam", "3").FailsWith(2, "--beam", "inferenceguard generate --help");

    [Test]
    public void Run_PromptWithoutQuotes_SaysThatQuotesAreMissing() => CommandRun.Of("generate", "how", "do").FailsWith(2, "'do'", "quotes");

    [Test]
    public void Run_OptionWithoutValue_IsNamed() => CommandRun.Of("generate", "x", "--beams").FailsWith(2, "--beams");

    [Test]
    public void Run_MissingArgument_IsAUsageError() => CommandRun.Of("explain").FailsWith(2, "inferenceguard explain --help");

    [Test]
    public void Help_OfGenerate_NamesEveryOptionWithItsDefault()
    {
        var run = CommandRun.Of("generate", "--help");
        Assert.That(run.ExitCode, Is.Zero);
        foreach (var option in (string[])[
            "--model", "--system", "--method", "--beams", "--keep", "--block-tokens", "--max-tokens", "--retries", "--budget", "--gamma", "--mode", "--cost", "--reward",
            "--temperature", "--top-k", "--top-p", "--min-p", "--seed", "--threads", "--json", "--trace", "--charge-every", "--diversity", "--penalty", "--gpu-layers", "--verbose"])
            Assert.That(run.Out, Does.Contain("  " + option + " "));
        Assert.That(run.Out, Does.Contain($"[default: {new GuardOptions().Beams}]").And.Contain("[default: 0.999]"));
    }

    [Test]
    public void Version_IsPrinted()
    {
        var run = CommandRun.Of("--version");
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Out, Does.Match(@"^\d+\.\d+\.\d+"));
    }

    [TestCase("generate --be", "--beams")]
    [TestCase("generate --mode ", "best-effort")]
    [TestCase("info ", "hearth-aligned")]
    [TestCase("ex", "explain")]
    public void Suggest_PartOfACommandLine_CompletesIt(string typed, string expected)
    {
        var run = CommandRun.Of($"[suggest:{typed.Length}]", typed);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Out.Split('\n'), Does.Contain(expected));
    }
}

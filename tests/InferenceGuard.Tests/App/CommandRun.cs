// One run of the command line inside the test process.

using System.Text;
using InferenceGuard.App.Cli;
using InferenceGuard.Tests.Support;
using Spectre.Console.Testing;

namespace InferenceGuard.Tests.App;

/// <summary>What one run of the command line wrote and returned.</summary>
internal sealed record CommandRun(int ExitCode, string Out, string Error)
{
    // Every word of the tiny model's answers that begins with a letter is dear: no answer is safe.
    private const string DearCost = """{"kind":"cost","name":"dear","rules":[{"id":"letters","weight":11,"any":["a","b","c","d","e","f","g","h","i","j","k","l","m","n","o","p","q","r","s","t","u","v","w","x","y","z"],"most":99}]}""";

    private const string FreeCost = """{"kind":"cost","name":"free","rules":[{"id":"never","weight":1,"any":["a phrase that no model says"]}]}""";

    private const int Width = 200;

    /// <summary>A cost that no answer of the tiny models has.</summary>
    public static string FreeCostSpec { get; } = "phrases:" + Write("free.json", FreeCost);

    /// <summary>A cost that every answer of the tiny models has.</summary>
    public static string DearCostSpec { get; } = "phrases:" + Write("dear.json", DearCost);

    /// <summary>Options for a quick search with the tiny model and a cost it never pays.</summary>
    public static string[] Quick { get; } = ["--model", TinyModel.BpePath, "--cost", FreeCostSpec, "--beams", "4", "--keep", "2", "--block-tokens", "3", "--max-tokens", "9", "--threads", "1"];

    /// <summary><see cref="Quick"/> with other values for some options.</summary>
    public static string[] QuickBut(params string[] options)
    {
        var given = options.Where(static word => word.StartsWith("--", StringComparison.Ordinal)).ToArray();
        return [.. Quick.Chunk(2).Where(pair => !given.Contains(pair[0])).SelectMany(static pair => pair), .. options];
    }

    /// <summary>Runs a command with nothing on standard input.</summary>
    public static CommandRun Of(params string[] args) => WithInput([], args);

    /// <summary>Runs a command with text on standard input.</summary>
    public static CommandRun WithInput(string input, params string[] args) => WithInput(Encoding.UTF8.GetBytes(input), args);

    /// <summary>Runs a command with bytes on standard input.</summary>
    public static CommandRun WithInput(byte[] input, params string[] args) => With(static terminal => terminal, input, args);

    /// <summary>Runs a command in a terminal that the test has changed.</summary>
    public static CommandRun With(Func<Terminal, Terminal> change, byte[] input, params string[] args)
    {
        var (standard, error) = (new TestConsole().Width(Width), new TestConsole().Width(Width).Interactive());
        var exitCode = CommandLine.Run(args, change(new() { Out = standard, Error = error, In = new MemoryStream(input), OnInterrupt = static _ => new MemoryStream() }));
        return new(exitCode, standard.Output, error.Output);
    }

    /// <summary>Runs a command and presses Ctrl-C at the n-th line of its progress.</summary>
    public static CommandRun StoppedAt(int line, params string[] args)
    {
        using var log = new StoppingLog(line);
        return With(log.Attach, [], args) with { Error = log.ToString() };
    }

    /// <summary>Writes a file into this test run's folder.</summary>
    public static string Write(string name, string text)
    {
        var path = Path.Combine(TestFolder.Path, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Asserts that the run failed after it had begun to report its progress: its last line is the error.</summary>
    /// <param name="exitCode">The exit code expected.</param>
    /// <param name="parts">What the line must say.</param>
    public void FailsWithin(int exitCode, params string[] parts) =>
        (this with { Error = Error.TrimEnd('\n').Split('\n')[^1] + "\n" }).FailsWith(exitCode, parts);

    /// <summary>Asserts that the run failed with one line on standard error and nothing on standard output.</summary>
    /// <param name="exitCode">The exit code expected.</param>
    /// <param name="parts">What the line must say.</param>
    public void FailsWith(int exitCode, params string[] parts)
    {
        Assert.That(ExitCode, Is.EqualTo(exitCode), Error);
        Assert.That(Error, Does.StartWith("error: ").And.EndsWith("\n"));
        Assert.That(Error.TrimEnd('\n'), Does.Not.Contain("\n"), "an error is one line");
        foreach (var part in parts)
            Assert.That(Error, Does.Contain(part));
        Assert.That(Out, Is.Empty);
    }
}

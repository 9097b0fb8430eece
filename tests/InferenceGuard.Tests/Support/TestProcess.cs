// Runs some of the tests in a process of their own, for what a process reads or breaks only once.

using System.Diagnostics;
using System.Text.RegularExpressions;

namespace InferenceGuard.Tests.Support;

/// <summary>Runs some of the tests in a process of their own.</summary>
internal static partial class TestProcess
{
    /// <summary>Runs tests, fails if one fails, and gives how many passed.</summary>
    /// <param name="filter">Which, as <c>dotnet test --filter</c> takes it.</param>
    /// <param name="setting">An environment variable of that process.</param>
    /// <param name="value">Its value.</param>
    public static int Run(string filter, string setting, string value)
    {
        var start = new ProcessStartInfo("dotnet", ["vstest", typeof(TestProcess).Assembly.Location, $"--TestCaseFilter:{filter}"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = TestFolder.Path,
            Environment = { [setting] = value, ["DOTNET_CLI_UI_LANGUAGE"] = "en" },
        };
        using var run = Process.Start(start)!;
        var errors = run.StandardError.ReadToEndAsync();
        var output = run.StandardOutput.ReadToEnd();
        run.WaitForExit();
        Assert.That(run.ExitCode, Is.Zero, $"{output}\n{errors.Result}");
        Assert.That(Passed().IsMatch(output), Is.True, output);
        return int.Parse(Passed().Match(output).Groups[1].Value, null);
    }

    [GeneratedRegex(@"Passed: +(\d+)")]
    private static partial Regex Passed();
}

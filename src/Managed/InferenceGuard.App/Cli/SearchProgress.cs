// One line on the terminal that says how far a search is.

using System.Globalization;
using Spectre.Console;

namespace InferenceGuard.App.Cli;

/// <summary>Shows a search while it runs, on standard error, and leaves nothing behind.</summary>
internal static class SearchProgress
{
    /// <summary>Runs a search with its progress shown.</summary>
    /// <param name="terminal">Where it is shown.</param>
    /// <param name="search">The search; it calls its argument after every step.</param>
    public static GuardedAnswer Show(Terminal terminal, Func<Action<DecodeStep>, GuardedAnswer> search)
    {
        var begin = terminal.Clock.GetTimestamp();
        return terminal.Error.Status().Spinner(Spinner.Known.Dots).Start("reading the prompt", context =>
        {
            var retries = 0;
            return search(step =>
            {
                retries += step.IsRetried ? 1 : 0;
                context.Status = Line(step, retries, terminal.Clock.GetElapsedTime(begin));
            });
        });
    }

    /// <summary>What is said after a step.</summary>
    public static string Line(DecodeStep step, int retries, TimeSpan elapsed) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(step.Pass > 0 ? "wider search, " : "")}block {step.Block + 1} · {step.SafeCount} of {step.Candidates.Length} beams safe, {step.Kept.Length} kept · {retries} retries · {step.DecodedTokens} tokens decoded · {elapsed.TotalSeconds:F1} s");
}

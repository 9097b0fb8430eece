// Shows trainings while they run: a bar on a terminal, a line now and then in a log.

using System.Globalization;
using InferenceGuard.Training;
using Spectre.Console;

namespace InferenceGuard.App.Cli.Training;

/// <summary>Shows one or more trainings, one after another, on standard error.</summary>
internal static class TrainingDisplay
{
    // A log of a training has about so many lines.
    private const int LinesPerTraining = 20;

    /// <summary>Runs trainings with their progress shown.</summary>
    /// <param name="terminal">Where it is shown; its Ctrl-C cancels.</param>
    /// <param name="train">Trains; it reports under each training's name.</param>
    /// <returns>The exit code.</returns>
    public static int Run(Terminal terminal, Action<Action<string, TrainingProgress>, CancellationToken> train)
    {
        using var stop = new CancellationTokenSource();
        using var interrupt = terminal.OnInterrupt(stop.Cancel);
        try
        {
            if (terminal.ShowsProgress)
                terminal.Error.Progress()
                    .Columns(new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
                    .Start(context => train(Bars(context), stop.Token));
            else
                train(Lines(terminal), stop.Token);
            return CommandLine.Ok;
        }
        catch (OperationCanceledException)
        {
            terminal.Fail("Stopped; the same command goes on from the checkpoint.");
            return CommandLine.Interrupted;
        }
    }

    /// <summary>What is said of a training under way.</summary>
    public static string Line(string name, TrainingProgress progress)
    {
        var heldOut = progress.HeldOutLoss is { } loss ? string.Create(CultureInfo.InvariantCulture, $", held-out {loss:F3}") : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"{name}: step {progress.Step} of {progress.Steps}, loss {progress.Loss:F3}{heldOut}, {progress.TokensPerSecond:F0} tokens/s, {progress.Remaining:hh\\:mm\\:ss} left");
    }

    private static Action<string, TrainingProgress> Bars(ProgressContext context)
    {
        var bars = new Dictionary<string, ProgressTask>();
        return (name, progress) =>
        {
            if (!bars.TryGetValue(name, out var bar))
                bars[name] = bar = context.AddTask(Markup.Escape(name), maxValue: progress.Steps);
            bar.Value = progress.Step;
            bar.Description = Markup.Escape(Line(name, progress));
        };
    }

    private static Action<string, TrainingProgress> Lines(Terminal terminal) => (name, progress) =>
    {
        if (progress.Step == progress.Steps || progress.Step % Math.Max(1, progress.Steps / LinesPerTraining) == 0)
            terminal.Note(Line(name, progress));
    };
}

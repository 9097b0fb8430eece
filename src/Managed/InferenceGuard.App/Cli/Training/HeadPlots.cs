// Plots of how far a head's scores can be believed.

using System.Globalization;
using InferenceGuard.Training.Heads;
using ScottPlot;

namespace InferenceGuard.App.Cli.Training;

/// <summary>
/// Plots beside the file of a head, as SVG: <c>reliability</c>, what was predicted against what was observed on each set of answers, and a histogram of scores per set, split
/// by label; for heads that learn scores, predicted against given.
/// </summary>
internal static class HeadPlots
{
    private const int Bins = 30;

    /// <summary>Draws and writes them.</summary>
    /// <param name="head">The file of the head.</param>
    /// <param name="sets">What the head says of sets of answers, by their names: validation, test.</param>
    /// <returns>The files.</returns>
    /// <exception cref="GuardException">One cannot be written.</exception>
    public static IReadOnlyList<string> Write(string head, IReadOnlyList<(string Name, HeadQuality Quality)> sets)
    {
        var files = new List<string> { PathOf("reliability") };
        using (var plot = new Plot())
        {
            foreach (var (name, quality) in sets)
                AddReliability(plot, name, quality);
            if (sets[0].Quality.AreLabels)
            {
                PlotFile.Diagonal(plot);
                PlotFile.SaveSvg(plot, files[0], "Reliability of the head", "predicted probability of label 1", "share with label 1", Alignment.LowerRight);
            }
            else
            {
                var given = sets.SelectMany(static set => set.Quality.Targets).ToArray();
                PlotFile.Diagonal(plot, given.Min(), given.Max());
                PlotFile.SaveSvg(plot, files[0], "Scores of the head", "given", "predicted", Alignment.LowerRight);
            }
        }
        foreach (var (name, quality) in sets)
        {
            files.Add(PathOf(name));
            using var plot = new Plot();
            AddHistogram(plot, quality);
            PlotFile.SaveSvg(plot, files[^1], $"Scores, {name}", quality.AreLabels ? "score: log-odds of label 1" : "score", "answers", Alignment.UpperRight);
        }
        return files;

        string PathOf(string name) => Path.ChangeExtension(head, $".{name}.svg");
    }

    private static void AddReliability(Plot plot, string name, HeadQuality quality)
    {
        if (!quality.AreLabels)
        {
            plot.Add.ScatterPoints(quality.Targets, quality.Scores.Select(static score => (double)score).ToArray()).LegendText =
                string.Create(CultureInfo.InvariantCulture, $"{name}, R² {quality.RSquared:F3}");
            return;
        }
        var filled = quality.Reliability.Where(static bin => bin.Count > 0).ToArray();
        plot.Add.Scatter(filled.Select(static bin => bin.Predicted).ToArray(), filled.Select(static bin => bin.Observed).ToArray()).LegendText =
            string.Create(CultureInfo.InvariantCulture, $"{name}, ECE {quality.CalibrationError:F3}");
    }

    // Label 1 stands on top of label 0; scores have one kind only.
    private static void AddHistogram(Plot plot, HeadQuality quality)
    {
        var (low, high) = ((double)quality.Scores.Min(), (double)quality.Scores.Max());
        var size = high > low ? (high - low) / Bins : 1;
        var below = new double[Bins];
        foreach (var label in (double[])(quality.AreLabels ? [0, 1] : [double.NaN]))
        {
            var bars = below.Select((count, bin) => new Bar { Position = low + (bin + 0.5) * size, ValueBase = count, Value = count, Size = size }).ToArray();
            foreach (var (score, target) in quality.Scores.Zip(quality.Targets))
                if (double.IsNaN(label) || target == label)
                    bars[Math.Min(Bins - 1, (int)((score - low) / size))].Value++;
            below = [.. bars.Select(static bar => bar.Value)];
            var drawn = plot.Add.Bars(bars);
            drawn.Color = plot.Add.Palette.GetColor(label == 1 ? 1 : 0);
            if (quality.AreLabels)
                drawn.LegendText = string.Create(CultureInfo.InvariantCulture, $"label {label}");
        }
        plot.Axes.Margins(bottom: 0);
    }
}

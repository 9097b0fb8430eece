// How the plots of a training are drawn and saved.

using ScottPlot;

namespace InferenceGuard.App.Cli.Training;

/// <summary>How the plots of a training are drawn and saved.</summary>
internal static class PlotFile
{
    private const int WidthPixels = 800, HeightPixels = 600;

    /// <summary>Draws the line on which a prediction is right.</summary>
    public static void Diagonal(Plot plot, double from = 0, double to = 1)
    {
        var line = plot.Add.Line(from, from, to, to);
        line.LinePattern = LinePattern.Dashed;
        line.LineColor = Colors.Gray;
    }

    /// <summary>Names a plot and its axes, and writes it as SVG.</summary>
    /// <param name="plot">The plot.</param>
    /// <param name="path">The file.</param>
    /// <param name="title">What it shows.</param>
    /// <param name="x">The horizontal axis.</param>
    /// <param name="y">The vertical axis.</param>
    /// <param name="legend">Where the legend stands.</param>
    /// <exception cref="GuardException">It cannot be written.</exception>
    public static void SaveSvg(Plot plot, string path, string title, string x, string y, Alignment legend)
    {
        plot.Title(title);
        plot.XLabel(x);
        plot.YLabel(y);
        plot.ShowLegend(legend);
        try
        {
            plot.SaveSvg(path, WidthPixels, HeightPixels);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GuardException(GuardFault.Environment, $"The file '{path}' cannot be written: {e.Message} Choose another place.", e);
        }
    }

    /// <summary>Writes it as PNG too, beside the SVG of the same name.</summary>
    public static void SavePng(Plot plot, string path) => plot.SavePng(path, WidthPixels, HeightPixels);
}

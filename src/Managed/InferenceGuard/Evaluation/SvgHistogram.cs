// Draws a small histogram, safe answers below and unsafe ones on top.

using System.Globalization;
using System.Xml.Linq;

namespace InferenceGuard.Evaluation;

/// <summary>Draws one of a row of small histograms that share their axis.</summary>
internal static class SvgHistogram
{
    public const int Bins = 24;

    private const double Width = 220, Height = 96, Side = 10, Top = 6, Bottom = 18;

    /// <summary>The histogram; bars are relative to its own tallest.</summary>
    /// <param name="title">What it shows, for readers that cannot see it.</param>
    /// <param name="axis">The shared axis.</param>
    /// <param name="safe">Values of safe answers.</param>
    /// <param name="notSafe">Values of unsafe answers.</param>
    public static XElement Draw(string title, SvgAxis axis, IReadOnlyCollection<double> safe, IReadOnlyCollection<double> notSafe)
    {
        var (lower, upper) = (Counts(axis, safe), Counts(axis, notSafe));
        var tallest = Math.Max(1, Enumerable.Range(0, Bins).Max(bin => lower[bin] + upper[bin]));
        const double binWidth = (Width - 2 * Side) / Bins;
        return new("svg", new XAttribute("viewBox", string.Create(CultureInfo.InvariantCulture, $"0 0 {Width} {Height}")), new XAttribute("role", "img"), new XElement("title", title),
            Enumerable.Range(0, Bins).Select(bin => new[] { Bar("safe", bin, 0, lower[bin]), Bar("unsafe", bin, lower[bin], upper[bin]) }),
            SvgScatter.Line("ground", Side, Height - Bottom, Width - Side, Height - Bottom),
            axis.Ticks.Select(tick => SvgScatter.Label(tick.Text, Side + axis.Fraction(tick.Value) * (Width - 2 * Side), Height - 5, "middle")));

        XElement? Bar(string style, int bin, int below, int count)
        {
            var scale = (Height - Top - Bottom) / tallest;
            return count == 0 ? null : new("rect", new XAttribute("class", style),
                SvgScatter.Attribute("x", Side + bin * binWidth + 0.5), SvgScatter.Attribute("y", Height - Bottom - (below + count) * scale),
                SvgScatter.Attribute("width", binWidth - 1), SvgScatter.Attribute("height", count * scale));
        }
    }

    /// <summary>How many values lie in each bin of an axis.</summary>
    public static int[] Counts(SvgAxis axis, IEnumerable<double> values)
    {
        var counts = new int[Bins];
        foreach (var value in values)
            counts[Math.Min(Bins - 1, (int)(axis.Fraction(value) * Bins))]++;
        return counts;
    }
}

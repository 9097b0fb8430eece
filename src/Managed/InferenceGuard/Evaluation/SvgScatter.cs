// Draws a scatter plot of numbered points.

using System.Globalization;
using System.Xml.Linq;

namespace InferenceGuard.Evaluation;

/// <summary>Draws a scatter plot: a dot per point, a numbered badge beside it, a thin line for its interval.</summary>
internal static class SvgScatter
{
    private const double Width = 460, Height = 300, Left = 52, Top = 10, Right = 14, Bottom = 44, BadgeRadius = 9;

    /// <summary>The plot.</summary>
    /// <param name="title">What it shows, for readers that cannot see it.</param>
    /// <param name="horizontal">Horizontal axis.</param>
    /// <param name="vertical">Vertical axis.</param>
    /// <param name="points">The points.</param>
    public static XElement Draw(string title, SvgAxis horizontal, SvgAxis vertical, IReadOnlyList<ScatterPoint> points)
    {
        var dots = points.Select(point => (X: X(point.X), Y: Y(point.Y))).ToArray();
        // The first points are the most looked at; they find their places first.
        var badges = BadgePlacement.Place(dots, BadgeRadius, Width, Height - Bottom);
        return new("svg", new XAttribute("viewBox", $"0 0 {Text(Width)} {Text(Height)}"), new XAttribute("role", "img"), new XElement("title", title),
            horizontal.Ticks.Select(tick => new[]
            {
                Line("grid", X(tick.Value), Top, X(tick.Value), Height - Bottom),
                Label(tick.Text, X(tick.Value), Height - Bottom + 15, "middle"),
            }),
            vertical.Ticks.Select(tick => new[]
            {
                Line("grid", Left, Y(tick.Value), Width - Right, Y(tick.Value)),
                Label(tick.Text, Left - 6, Y(tick.Value) + 4, "end"),
            }),
            Label(horizontal.Label, (Left + Width - Right) / 2, Height - 8, "middle", "axis"),
            Upright(vertical.Label),
            points.Select(point => point.IsIntervalOfX
                ? Line($"interval {point.Family}", X(point.Low), Y(point.Y), X(point.High), Y(point.Y))
                : Line($"interval {point.Family}", X(point.X), Y(point.Low), X(point.X), Y(point.High))),
            points.Select((point, index) => new[]
            {
                Line("leader", dots[index].X, dots[index].Y, badges[index].X, badges[index].Y),
                Circle($"dot {point.Family}", dots[index], 3.5),
            }),
            points.Select((point, index) => new XElement("g", new XElement("title", point.Name),
                Circle($"badge {point.Family}", badges[index], BadgeRadius),
                Label(Text(point.Number), badges[index].X, badges[index].Y + 3.5, "middle", "number"))));

        double X(double value) => Left + horizontal.Fraction(value) * (Width - Left - Right);
        double Y(double value) => Height - Bottom - vertical.Fraction(value) * (Height - Top - Bottom);
    }

    /// <summary>A straight line.</summary>
    public static XElement Line(string style, double x, double y, double toX, double toY) =>
        new("line", new XAttribute("class", style), Attribute("x1", x), Attribute("y1", y), Attribute("x2", toX), Attribute("y2", toY));

    /// <summary>A text at a point of its baseline.</summary>
    /// <param name="text">The text.</param>
    /// <param name="x">Where it is anchored.</param>
    /// <param name="y">Its baseline.</param>
    /// <param name="anchor">What of it lies at <paramref name="x"/>: start, middle or end.</param>
    /// <param name="style">Its class.</param>
    public static XElement Label(string text, double x, double y, string anchor, string style = "tick") =>
        new("text", new XAttribute("class", style), Attribute("x", x), Attribute("y", y), new XAttribute("text-anchor", anchor), text);

    /// <summary>A pixel position or size.</summary>
    public static XAttribute Attribute(string name, double value) => new(name, Text(value));

    private static XElement Circle(string style, (double X, double Y) center, double radius) =>
        new("circle", new XAttribute("class", style), Attribute("cx", center.X), Attribute("cy", center.Y), Attribute("r", radius));

    private static XElement Upright(string text)
    {
        var label = Label(text, 0, 0, "middle", "axis");
        label.SetAttributeValue("transform", $"translate(12 {Text((Top + Height - Bottom) / 2)}) rotate(-90)");
        return label;
    }

    private static string Text(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}

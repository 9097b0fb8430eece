// One axis of a plot: its range, its ticks, and where a value lies on it.

using System.Globalization;

namespace InferenceGuard.Evaluation;

/// <summary>One axis of a plot, linear or logarithmic.</summary>
internal sealed class SvgAxis
{
    private readonly double _low, _high;
    private readonly bool _isLog;

    private SvgAxis(string label, double low, double high, bool isLog, IEnumerable<double> ticks, Func<double, string> text)
    {
        (Label, _low, _high, _isLog) = (label, low, high, isLog);
        Ticks = [.. ticks.Select(tick => (tick, text(tick)))];
    }

    public string Label { get; }

    public IReadOnlyList<(double Value, string Text)> Ticks { get; }

    /// <summary>From the round number below the least value to the one above the largest.</summary>
    public static SvgAxis Linear(string label, IEnumerable<double> values, int ticks = 5, string suffix = "")
    {
        var (low, high) = Range(values);
        if (low == high)
            (low, high) = (low - Math.Max(0.5, Math.Abs(low) / 10), high + Math.Max(0.5, Math.Abs(high) / 10));
        var step = RoundStep((high - low) / ticks);
        var (first, last) = ((long)Math.Floor(low / step + 1e-9), (long)Math.Ceiling(high / step - 1e-9));
        var decimals = Math.Clamp((int)Math.Ceiling(-Math.Log10(step) - 1e-9), 0, 15);
        return new(label, first * step, last * step, false, Enumerable.Range(0, (int)(last - first) + 1).Select(index => (first + index) * step),
            value => value.ToString("F" + decimals, CultureInfo.InvariantCulture).Replace('-', '−') + suffix);
    }

    /// <summary>From the 1, 2 or 5 × 10^k below the least value to the one above the largest; values must be above 0.</summary>
    public static SvgAxis Log(string label, IEnumerable<double> values)
    {
        var (low, high) = Range(values);
        double[] ticks = [.. from power in Enumerable.Range(-9, 20) from digit in new[] { 1.0, 2, 5 } select digit * Math.Pow(10, power)];
        var first = ticks.Last(tick => tick <= low * (1 + 1e-9) || tick == ticks[0]);
        var last = ticks.First(tick => (tick >= high * (1 - 1e-9) && tick > first) || tick == ticks[^1]);
        double[] shown = [.. ticks.Where(tick => tick >= first && tick <= last)];
        // Over many decades only these are named.
        if (shown.Length > 8 && shown.Count(IsDecade) > 2)
            shown = [.. shown.Where(IsDecade)];
        return new(label, first, last, true, shown, static value => value.ToString("0.#########", CultureInfo.InvariantCulture));

        static bool IsDecade(double tick) => Math.Abs(Math.Log10(tick) - Math.Round(Math.Log10(tick))) < 1e-6;
    }

    /// <summary>0 at the low end, 1 at the high end.</summary>
    public double Fraction(double value)
    {
        var fraction = _isLog ? Math.Log(Math.Max(value, _low) / _low) / Math.Log(_high / _low) : (value - _low) / (_high - _low);
        return Math.Clamp(fraction, 0, 1);
    }

    private static (double Low, double High) Range(IEnumerable<double> values)
    {
        double[] all = [.. values];
        return all.Length == 0 ? (1, 1) : (all.Min(), all.Max());
    }

    private static double RoundStep(double least)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        return power * (least / power) switch { <= 1.000001 => 1, <= 2.000001 => 2, <= 5.000001 => 5, _ => 10 };
    }
}

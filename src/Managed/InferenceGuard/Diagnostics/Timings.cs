// Where the time of one generation went.

using System.Diagnostics;

namespace InferenceGuard.Diagnostics;

/// <summary>Where the time of one generation went, by stage.</summary>
public sealed class Timings
{
    private readonly long[] _ticks = new long[Enum.GetValues<Stage>().Length];
    private readonly long _start = Stopwatch.GetTimestamp();

    /// <summary>Time from the request to the first sampled token, in ms; NaN before it.</summary>
    public double FirstTokenMs { get; private set; } = double.NaN;

    /// <summary>Time from the request until the answer, in ms; NaN before it.</summary>
    public double TotalMs { get; private set; } = double.NaN;

    /// <summary>Time spent in a stage, in ms.</summary>
    /// <param name="stage">The stage.</param>
    public double this[Stage stage] => _ticks[(int)stage] * 1000.0 / Stopwatch.Frequency;

    /// <summary>The time at which a stage begins, for <see cref="End"/>.</summary>
    internal static long Begin() => Stopwatch.GetTimestamp();

    /// <summary>Adds the time since <paramref name="begin"/> to a stage.</summary>
    internal void End(Stage stage, long begin) => _ticks[(int)stage] += Stopwatch.GetTimestamp() - begin;

    /// <summary>Notes the first sampled token.</summary>
    internal void MarkFirstToken() => FirstTokenMs = double.IsNaN(FirstTokenMs) ? SinceStartMs() : FirstTokenMs;

    /// <summary>Notes the answer.</summary>
    internal void MarkAnswer() => TotalMs = SinceStartMs();

    /// <summary>Time since the request, in ms.</summary>
    internal double SinceStartMs() => Stopwatch.GetElapsedTime(_start).TotalMilliseconds;
}

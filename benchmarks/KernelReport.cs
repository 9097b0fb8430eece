// The kernel benchmark as a Markdown table and as a file of raw numbers.

using System.Globalization;
using System.Text.Json;

namespace InferenceGuard.Benchmarks;

/// <summary>What the kernel benchmark says.</summary>
/// <param name="Device">The device, its driver and the compiler.</param>
/// <param name="IsSoftware">Whether its times mean nothing.</param>
/// <param name="Rounds">Rounds behind every median.</param>
/// <param name="Limits">What the card can do.</param>
/// <param name="Rows">The measurements.</param>
internal sealed record KernelReport(string Device, bool IsSoftware, int Rounds, DeviceLimits Limits, IReadOnlyList<KernelRow> Rows)
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Prints the table.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="others">PyTorch's times, or null.</param>
    public void Print(TextWriter to, ComparedTimes? others)
    {
        to.WriteLine(Device);
        to.WriteLine();
        if (IsSoftware)
            to.WriteLine("**The device is software: every time below shows only that the measurement runs.**\n");
        to.WriteLine(Line(
            $"Medians of {Rounds} rounds. Measured in the same run: memory reads {Limits.ReadBytes / 1e9:F0} GB/s, copies {Limits.CopyBytes / 1e9:F0} GB/s (promised {Limits.PromisedBytes / 1e9:F0}); float32 {Limits.Flops / 1e12:F1} TFLOP/s, float16 on tensor cores {Limits.TensorFlops / 1e12:F0}; upload {Limits.PinnedBytes / 1e9:F1} GB/s pinned, {Limits.PageableBytes / 1e9:F1} pageable; a launch that does nothing {Limits.LaunchUs:F1} µs, {Limits.RowUs:F1} back to back."));
        to.WriteLine();
        to.WriteLine("""
            *Device*: between events, once, caches flushed before. *Row*: one of 20 back to back, caches warm. *Wall*: on the host, from the call to its end.
            *Floor*: every input read once and every output written once at the measured bandwidth, or the arithmetic at the measured rate, or the upload from
            pinned memory, whichever is longest; the ratio is that of *device*, of *wall* where an upload belongs to the call.
            """);
        if (others is not null)
            to.WriteLine($"PyTorch: {others.Title}; its ratio is its time ÷ ours.");
        to.WriteLine();
        to.WriteLine("| what | N | V | numbers | device µs | row µs | wall µs | floor µs | because of | ÷ floor | registers | spilled B |" + (others is null ? "" : " eager µs | ÷ ours | compiled µs | ÷ ours |"));
        to.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|---|" + (others is null ? "" : "---|---|---|---|"));
        foreach (var row in Rows)
            to.WriteLine(RowOf(row, others));
    }

    /// <summary>Writes the raw numbers.</summary>
    /// <param name="path">The file.</param>
    public void Write(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this, s_options));

    private string RowOf(KernelRow row, ComparedTimes? others)
    {
        var floor = row.Cost?.Floor(Limits);
        var text = Line(
            $"| {row.What} | {row.Beams} | {row.Vocabulary} | {row.Numbers} | {Time(row.Times.Cold)} | {Time(row.Times.Row)} | {Time(row.Times.Wall)} | {Time(floor?.Us)} | {floor?.By ?? "–"} | {Ratio(row.Us / floor?.Us)} | {Count(row.Registers)} | {Count(row.SpillBytes)} |");
        if (others is null)
            return text;
        var other = others.Rows.GetValueOrDefault(row.Key);
        return $"{text} {Time(other?.EagerUs)} | {Ratio(other?.EagerUs / row.Us)} | {Time(other?.CompiledUs)} | {Ratio(other?.CompiledUs / row.Us)} |";
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Time(double? us) => us switch
    {
        null => "–",
        >= 1000 => Line($"{us:F0}"),
        >= 10 => Line($"{us:F1}"),
        _ => Line($"{us:F2}"),
    };

    private static string Ratio(double? ratio) => ratio is null ? "–" : Line($"{ratio:F2}");

    private static string Count(int? count) => count is null ? "" : Line($"{count}");
}

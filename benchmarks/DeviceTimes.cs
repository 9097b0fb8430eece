// How long something took on a CUDA device, in every round.

namespace InferenceGuard.Benchmarks;

/// <summary>How long something took, in µs per round.</summary>
/// <param name="ColdUs">Between events on the device, once, after its caches were flushed.</param>
/// <param name="RowUs">Between events on the device, one of several back to back.</param>
/// <param name="WallUs">On the host, from the call until the device is done.</param>
internal sealed record DeviceTimes(double[] ColdUs, double[] RowUs, double[] WallUs)
{
    public double Cold => Median(ColdUs);

    public double Row => Median(RowUs);

    public double Wall => Median(WallUs);

    private static double Median(double[] values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}

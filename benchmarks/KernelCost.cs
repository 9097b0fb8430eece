// The least that a kernel must move and calculate, whatever it does, and how long that takes on a card.

namespace InferenceGuard.Benchmarks;

/// <summary>The least work: every input read once, every output written once, every product once.</summary>
/// <param name="Bytes">Bytes of device memory.</param>
/// <param name="Flops">Additions and multiplications.</param>
/// <param name="IsTensor">Whether tensor cores do them.</param>
/// <param name="UploadBytes">Bytes that come from the host.</param>
internal readonly record struct KernelCost(double Bytes, double Flops = 0, bool IsTensor = false, double UploadBytes = 0)
{
    /// <summary>How long that takes at least, in µs, and because of what.</summary>
    public (double Us, string By) Floor(DeviceLimits limits)
    {
        var memory = (1e6 * Bytes / limits.Bytes, "memory");
        var arithmetic = (Flops == 0 ? 0 : 1e6 * Flops / (IsTensor && limits.TensorFlops > 0 ? limits.TensorFlops : limits.Flops), "arithmetic");
        var upload = (1e6 * UploadBytes / limits.PinnedBytes, "upload");
        return ((double, string)[])[memory, arithmetic, upload] is var all ? all.MaxBy(static part => part.Item1) : default;
    }
}

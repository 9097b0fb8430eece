// One measurement of the kernel benchmark.

namespace InferenceGuard.Benchmarks;

/// <summary>One measurement.</summary>
/// <param name="Key">What it is called in files, the same as in <c>gpu_check_torch.py</c>.</param>
/// <param name="What">What it is called in the table.</param>
/// <param name="Beams">N.</param>
/// <param name="Vocabulary">V.</param>
/// <param name="Numbers">f16, f32 or –.</param>
/// <param name="Times">How long it took.</param>
/// <param name="Cost">The least work, if it is known.</param>
/// <param name="Registers">Registers per thread, of a single kernel.</param>
/// <param name="SpillBytes">Local memory per thread, of a single kernel.</param>
internal sealed record KernelRow(
    string Key, string What, int Beams, int Vocabulary, string Numbers, DeviceTimes Times, KernelCost? Cost, int? Registers = null, int? SpillBytes = null)
{
    /// <summary>What counts: on the device by itself, or on the host where copies from there belong to it.</summary>
    public double Us => Cost is { UploadBytes: > 0 } ? Times.Wall : Times.Cold;
}

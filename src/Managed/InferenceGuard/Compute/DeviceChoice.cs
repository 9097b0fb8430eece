// Which device does the per-beam work, as people name it.

using System.Globalization;
using InferenceGuard.Interop.Cuda;

namespace InferenceGuard.Compute;

/// <summary>Which device does the per-beam work: <c>auto</c>, <c>cpu</c>, <c>cuda</c> or <c>cuda:i</c>.</summary>
public readonly record struct DeviceChoice
{
    private readonly int? _ordinal;
    private readonly bool _isCpu;

    private DeviceChoice(bool isCpu, int? ordinal) => (_isCpu, _ordinal) = (isCpu, ordinal);

    /// <summary>An NVIDIA GPU if there is one, else the CPU; the default.</summary>
    public static DeviceChoice Auto => default;

    /// <summary>The CPU.</summary>
    public static DeviceChoice Cpu { get; } = new(true, null);

    /// <summary>Number of the GPU, or null where none is demanded.</summary>
    public int? Ordinal => _ordinal;

    /// <summary>Whether the CPU is demanded.</summary>
    public bool IsCpu => _isCpu;

    /// <summary>Reads a choice.</summary>
    /// <param name="text">The words of a person.</param>
    /// <exception cref="GuardException">It is none of the four.</exception>
    public static DeviceChoice Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text == "auto")
            return Auto;
        if (text == "cpu")
            return Cpu;
        if (text == "cuda")
            return new(false, 0);
        if (text.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(text[5..], NumberStyles.None, CultureInfo.InvariantCulture, out var ordinal))
            return new(false, ordinal);
        throw new GuardException(GuardFault.Usage, $"The device is '{text}'; it must be auto, cpu, cuda, or cuda:i with the number of a GPU such as cuda:1.");
    }

    /// <summary>Opens the device. Where none is demanded, a GPU that cannot be used gives way to the CPU.</summary>
    /// <param name="precision">In which numbers a GPU holds critics.</param>
    /// <param name="say">Told why a GPU that is there is not used; null tells nobody.</param>
    /// <param name="binding">What calls the driver of a GPU; null is our own binding.</param>
    /// <exception cref="GuardException">The GPU that is demanded cannot be used.</exception>
    public ICompute Open(CriticPrecision precision, Action<string>? say = null, CudaBinding? binding = null)
    {
        if (_ordinal is { } demanded)
            return new CudaCompute(demanded, precision, binding);
        try
        {
            return !_isCpu && CudaDeviceInfo.All(binding ?? CudaBinding.Own).FirstOrDefault(static device => !device.IsSoftware) is { } found
                ? new CudaCompute(found.Ordinal, precision, binding)
                : new CpuCompute();
        }
        catch (GuardException e)
        {
            say?.Invoke($"The GPU is not used, the CPU does the per-beam work: {e.Message}");
            return new CpuCompute();
        }
    }

    /// <inheritdoc />
    public override string ToString() => _isCpu ? "cpu" : _ordinal is { } ordinal ? string.Create(CultureInfo.InvariantCulture, $"cuda:{ordinal}") : "auto";
}

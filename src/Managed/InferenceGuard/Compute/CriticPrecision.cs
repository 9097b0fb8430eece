// In which numbers a device holds a critic.

namespace InferenceGuard.Compute;

/// <summary>In which numbers a CUDA device holds the weights and inputs of a critic's hidden layers; sums are float32 always.</summary>
public enum CriticPrecision
{
    /// <summary>Float16 where a critic has more than 4 MiB of weights in float32, else float32.</summary>
    Auto,

    /// <summary>Float32: the CPU's predictions but for the order of adding.</summary>
    F32,

    /// <summary>Float16, on tensor cores from compute capability 8.0 on: half the memory traffic, predictions right to three digits.</summary>
    F16,
}

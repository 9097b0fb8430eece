// A fully connected layer's numbers.

namespace InferenceGuard.Compute;

/// <summary>y = W x + b.</summary>
/// <param name="Weight">float32[out, in], the contiguous dimension last.</param>
/// <param name="Bias">float32[out].</param>
public sealed record DenseLayer(float[] Weight, float[] Bias)
{
    /// <summary>Numbers in.</summary>
    public int Inputs => Weight.Length / Bias.Length;

    /// <summary>Numbers out.</summary>
    public int Outputs => Bias.Length;
}

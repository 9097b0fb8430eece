// The sizes of a block's end, and the least work of its parts.

using InferenceGuard.Compute;

namespace InferenceGuard.Benchmarks;

/// <summary>The sizes of a block's end, all of whose N candidates are live, and a critic with one hidden layer.</summary>
/// <param name="Beams">N.</param>
/// <param name="Hidden">H.</param>
/// <param name="Units">Units of the critic's hidden layer.</param>
/// <param name="Vocabulary">V.</param>
/// <param name="Steps">Cost steps of every candidate.</param>
/// <param name="IsHalf">Whether the critic is held in float16.</param>
internal sealed record BlockEndShape(int Beams, int Hidden, int Units, int Vocabulary, int Steps, bool IsHalf)
{
    private const double Word = sizeof(float);

    private double Number => IsHalf ? 2 : 4;

    private double Inputs => CriticWeights.InputsOf(Hidden);

    private double Flops => 2.0 * Beams * Inputs * Units;

    private double LatentBytes => Beams * (Vocabulary + 2.0 * Hidden) * Word;

    // z, value, charges, live, row, progress, earned, growth and the costs in; five results out.
    private double CandidateBytes => (8 + Steps + 5) * Beams * Word;

    /// <summary>The whole, once the latents are on the device: what lies between its kernels need not be written.</summary>
    public KernelCost Graph => new(LatentBytes + Inputs * (Units * Number + 2 * Word) + CandidateBytes, Flops, IsHalf);

    /// <summary>The whole with the copy of the latents.</summary>
    public KernelCost Whole => Graph with { UploadBytes = LatentBytes + CandidateBytes };

    /// <summary>One of its kernels by itself, or null if it is not known here.</summary>
    public KernelCost? Of(string kernel) => kernel switch
    {
        "safety_update_f32" => new((Steps + 6) * Beams * Word),
        "latent_features" => new(LatentBytes + Inputs * (Beams * Number + 2 * Word)),
        "critic_layer" => new(Inputs * (Units + Beams) * Number + Beams * Units * Word, Flops),
        "critic_layer_mma" => new(Inputs * (Units + Beams) * Number + Beams * Units * Word, Flops, IsTensor: true),
        "critic_activation" => new(Beams * Units * (Word + Number)),
        "critic_heads" => new(Beams * Units * Number + 2 * Units * Word + 4 * Beams * Word),
        "beam_score_select_f32" => new(5 * Beams * Word),
        _ => null,
    };
}

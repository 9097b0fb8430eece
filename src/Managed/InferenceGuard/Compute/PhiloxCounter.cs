// A place in a Philox stream.

namespace InferenceGuard.Compute;

/// <summary>A place in a Philox stream, and so one random number on every device.</summary>
/// <param name="Seed">The stream.</param>
/// <param name="X">In the search: the slot of the beam.</param>
/// <param name="Y">In the search: the length of the answer.</param>
/// <param name="Z">In the search: the attempt at the block.</param>
/// <param name="W">In the search: the pass.</param>
public readonly record struct PhiloxCounter(ulong Seed, uint X, uint Y, uint Z, uint W)
{
    /// <summary>The uniform number in [0, 1) at this place.</summary>
    public float Uniform => Philox.Uniform(Seed, (X, Y, Z, W));
}

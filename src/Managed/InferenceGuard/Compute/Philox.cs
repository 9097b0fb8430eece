// A counter-based random generator: the same (seed, counter) gives the same number on every device and in every order.

namespace InferenceGuard.Compute;

/// <summary>Philox 4×32 with 10 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).</summary>
public static class Philox
{
    private const uint MultiplierA = 0xD2511F53, MultiplierB = 0xCD9E8D57;
    private const uint WeylA = 0x9E3779B9, WeylB = 0xBB67AE85;

    /// <summary>A uniform number in [0, 1) with 24 random bits.</summary>
    /// <param name="seed">The stream.</param>
    /// <param name="counter">The place in the stream; (beam, position, attempt, pass) in the search.</param>
    public static float Uniform(ulong seed, (uint X, uint Y, uint Z, uint W) counter) =>
        (Block(seed, counter).X >> 8) * (1f / (1 << 24));

    /// <summary>Four random words.</summary>
    /// <param name="seed">The key.</param>
    /// <param name="counter">The counter.</param>
    internal static (uint X, uint Y, uint Z, uint W) Block(ulong seed, (uint X, uint Y, uint Z, uint W) counter)
    {
        var (x, y, z, w) = counter;
        uint keyA = (uint)seed, keyB = (uint)(seed >> 32);
        for (var round = 0; round < 10; round++)
        {
            var a = (ulong)MultiplierA * x;
            var b = (ulong)MultiplierB * z;
            (x, y, z, w) = ((uint)(b >> 32) ^ y ^ keyA, (uint)b, (uint)(a >> 32) ^ w ^ keyB, (uint)a);
            keyA = unchecked(keyA + WeylA);
            keyB = unchecked(keyB + WeylB);
        }
        return (x, y, z, w);
    }
}

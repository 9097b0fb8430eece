// A small, fast random generator with a documented sequence, for weights and shuffles that must not change with the runtime.

namespace InferenceGuard.Training;

/// <summary>SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).</summary>
internal sealed class SplitMix(ulong seed)
{
    private ulong _state = seed;

    /// <summary>64 random bits.</summary>
    public ulong Next()
    {
        var z = _state = unchecked(_state + 0x9E3779B97F4A7C15);
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EB);
        return z ^ (z >> 31);
    }

    /// <summary>Fills with numbers that are uniform in [−scale/2, scale/2); their standard deviation is scale/√12.</summary>
    public void FillUniform(Span<float> values, float scale)
    {
        const float Unit = 1f / (1L << 32);
        for (var i = 0; i < values.Length; i += 2)
        {
            var bits = Next();
            values[i] = (int)bits * (Unit * scale);
            if (i + 1 < values.Length)
                values[i + 1] = (int)(bits >> 32) * (Unit * scale);
        }
    }

    /// <summary>Puts items into random order.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var last = items.Length - 1; last > 0; last--)
        {
            var other = (int)Math.BigMul(Next(), (ulong)last + 1, out _);
            (items[last], items[other]) = (items[other], items[last]);
        }
    }
}

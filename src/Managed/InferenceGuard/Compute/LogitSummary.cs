// What the critic reads of a row of logits: seven numbers, whatever the vocabulary.

using System.Numerics.Tensors;

namespace InferenceGuard.Compute;

/// <summary>
/// A fixed-length summary of logits, in nats and probabilities: 0 entropy, 1 log-sum-exp, 2 largest log-probability, 3–5 mass of the
/// most probable 1, 5 and 20 tokens, 6 log-probability that the text ends here.
/// </summary>
public static class LogitSummary
{
    /// <summary>Numbers in a summary.</summary>
    public const int Width = 7;

    /// <summary>The end's log-probability is not taken below this, so that −∞ stays a number.</summary>
    public const float SmallestLogProb = -100;

    private const int Most = 20;

    // Logits are read in chunks that stay in the first-level cache, and whose float32 sums stay short.
    private const int Chunk = 256;

    // e^−87 is the smallest power that is no denormal: below it a logit weighs nothing, and −∞ would make 0 · ∞ of it.
    private const float SmallestShifted = -87;

    /// <summary>Summarises a row of logits.</summary>
    /// <param name="logits">float32[V]; −∞ is allowed, NaN and +∞ are not.</param>
    /// <param name="endTokens">Ids of the end-of-generation tokens.</param>
    /// <param name="summary">Out: float32[7].</param>
    /// <exception cref="GuardException">The row holds NaN or has no finite maximum.</exception>
    public static void Of(ReadOnlySpan<float> logits, ReadOnlySpan<int> endTokens, Span<float> summary)
    {
        var maximum = TensorPrimitives.Max(logits);
        if (!float.IsFinite(maximum))
            throw new GuardException(GuardFault.Generation, $"The largest logit is {maximum}; the model's output is unusable and the generation was stopped.");
        double total = 0, weighted = 0;
        Span<float> top = stackalloc float[Most];
        top.Fill(float.NegativeInfinity);
        Span<float> shifted = stackalloc float[Chunk], weights = stackalloc float[Chunk];
        for (var from = 0; from < logits.Length; from += Chunk)
        {
            var part = logits[from..Math.Min(from + Chunk, logits.Length)];
            var x = shifted[..part.Length];
            var weight = weights[..part.Length];
            TensorPrimitives.Subtract(part, maximum, x);
            if (TensorPrimitives.Max<float>(x) > top[^1])
                foreach (var value in x)
                    if (value > top[^1])
                        Insert(top, value);
            TensorPrimitives.Max(x, SmallestShifted, x);
            TensorPrimitives.Exp<float>(x, weight);
            total += TensorPrimitives.Sum<float>(weight);
            weighted += TensorPrimitives.Dot<float>(weight, x);
        }
        var logTotal = Math.Log(total);
        var ends = 0.0;
        foreach (var token in endTokens)
            ends += Math.Exp(logits[token] - maximum);
        summary[0] = (float)(logTotal - weighted / total);
        summary[1] = (float)(maximum + logTotal);
        summary[2] = (float)-logTotal;
        summary[3] = (float)(Mass(top[..1]) / total);
        summary[4] = (float)(Mass(top[..5]) / total);
        summary[5] = (float)(Mass(top) / total);
        summary[6] = (float)Math.Max(SmallestLogProb, Math.Log(ends) - logTotal);
    }

    private static double Mass(ReadOnlySpan<float> shifted)
    {
        var mass = 0.0;
        foreach (var value in shifted)
            mass += Math.Exp(value);
        return mass;
    }

    // Insertion into the sorted head; rare once the head holds large values.
    private static void Insert(Span<float> top, float value)
    {
        var place = top.Length - 1;
        for (; place > 0 && top[place - 1] < value; place--)
            top[place] = top[place - 1];
        top[place] = value;
    }
}

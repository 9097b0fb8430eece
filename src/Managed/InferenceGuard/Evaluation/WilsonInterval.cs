// How sure a share of a few answers is: Wilson's score interval.

namespace InferenceGuard.Evaluation;

/// <summary>Wilson's score interval of a share: unlike the normal one it stays within [0, 1] and is honest at 0% and 100%.</summary>
/// <param name="Low">Its lower end.</param>
/// <param name="High">Its upper end.</param>
public readonly record struct WilsonInterval(double Low, double High)
{
    // The 97.5% quantile of the normal distribution.
    private const double TwoSided = 1.959963984540054;

    /// <summary>The 95% interval of a share. Source: Wilson, J. Am. Stat. Assoc. 22 (1927) 209–212.</summary>
    /// <param name="successes">How often it was so, 0 to <paramref name="trials"/>.</param>
    /// <param name="trials">How often it was tried; 0 gives [0, 1].</param>
    /// <exception cref="ArgumentOutOfRangeException">The counts are impossible.</exception>
    public static WilsonInterval Of(int successes, int trials)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(trials);
        ArgumentOutOfRangeException.ThrowIfNegative(successes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(successes, trials);
        if (trials == 0)
            return new(0, 1);
        const double square = TwoSided * TwoSided;
        double n = trials, share = successes / n;
        var center = (share + square / (2 * n)) / (1 + square / n);
        var half = TwoSided / (1 + square / n) * Math.Sqrt(share * (1 - share) / n + square / (4 * n * n));
        // At the ends the exact bound is the end itself; rounding must not pass it.
        return new(successes == 0 ? 0 : center - half, successes == trials ? 1 : center + half);
    }
}

// The order that sampling truncates and draws in, by a full sort in double precision.

using InferenceGuard.Compute;

namespace InferenceGuard.Tests.Support;

/// <summary>What temperature, penalties, top-k, top-p and min-p leave of a row of logits, in the order in which a draw goes through it.</summary>
internal sealed class SamplingReference
{
    private readonly Dictionary<int, int> _places;
    private readonly double[] _running; // Mass up to and with each place; the last is 1.
    private readonly double[] _logProbs;

    public SamplingReference(float[] logits, SamplingOptions options, IReadOnlyList<TokenPenalty> penalties)
    {
        _logProbs = LogProbs([.. logits.Select(static logit => (double)logit)]);
        // Penalties are taken away in float32 everywhere: what two logits have in common then is no matter of rounding.
        var modified = (float[])logits.Clone();
        foreach (var penalty in penalties)
            modified[penalty.Token] -= penalty.Amount;
        var maximum = modified.Max();
        var weights = modified.Select(logit => options.Temperature == 0 ? (logit == maximum ? 1 : 0) : Math.Exp(((double)logit - maximum) / options.Temperature)).ToArray();
        var order = Enumerable.Range(0, logits.Length).OrderByDescending(token => weights[token]).ToList();
        if (options.Temperature == 0)
            order = order[..1];
        if (options.TopK > 0)
            order = order[..Math.Min(options.TopK, order.Count)];
        var total = order.Sum(token => weights[token]);
        var (mass, count) = (0.0, 0);
        while (count < order.Count && (count == 0 || ((options.TopP >= 1 || mass < options.TopP * total) && weights[order[count]] >= options.MinP)))
            mass += weights[order[count++]];
        Kept = [.. order.Take(count)];
        // Without truncation a draw goes through the vocabulary as it stands.
        if (options.TopK == 0 && options.TopP >= 1 && options.MinP == 0)
            Kept = [.. Kept.Order()];
        _places = Kept.Select(static (token, place) => (token, place)).ToDictionary(static pair => pair.token, static pair => pair.place);
        _running = new double[Kept.Count];
        var running = 0.0;
        for (var place = 0; place < Kept.Count; place++)
            _running[place] = (running += weights[Kept[place]]) / mass;
    }

    /// <summary>The tokens that can be drawn.</summary>
    public IReadOnlyList<int> Kept { get; }

    /// <summary>How far a uniform number lies outside the share of a token; 0 inside, infinite for a token that cannot be drawn.</summary>
    public double Distance(int token, double uniform) => !_places.TryGetValue(token, out var place)
        ? double.PositiveInfinity
        : Math.Max(0, Math.Max((place == 0 ? 0 : _running[place - 1]) - uniform, uniform - _running[place]));

    /// <summary>Log-probability of a token under the unmodified row.</summary>
    public double LogProb(int token) => _logProbs[token];

    private static double[] LogProbs(double[] logits)
    {
        var maximum = logits.Max();
        var logTotal = maximum + Math.Log(logits.Sum(logit => Math.Exp(logit - maximum)));
        return [.. logits.Select(logit => logit - logTotal)];
    }
}

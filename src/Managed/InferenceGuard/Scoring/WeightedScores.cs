// The arithmetic of several scorers that stand for one.

namespace InferenceGuard.Scoring;

/// <summary>Several scorers with their weights, combined.</summary>
/// <param name="parts">The scorers and what each score is multiplied by; at least one.</param>
/// <param name="combination">How the products become one score.</param>
internal sealed class WeightedScores(IReadOnlyList<(IScorer Scorer, double Weight)> parts, Combination combination)
{
    /// <summary>Such as <c>max(guard, 2 × phrases)</c>.</summary>
    public string Name { get; } =
        string.Join(", ", parts.Select(static part => part.Weight == 1 ? part.Scorer.Name : FormattableString.Invariant($"{part.Weight:G6} × {part.Scorer.Name}"))) is var names && parts.Count == 1
            ? names
            : $"{(combination == Combination.Sum ? "sum" : "max")}({names})";

    /// <summary>Combines what the scorers give, asked one by one.</summary>
    /// <param name="score">The score of a part.</param>
    public double Combine(Func<int, double> score)
    {
        var total = 0.0;
        for (var part = 0; part < parts.Count; part++)
            total = With(total, part, score(part));
        return total;
    }

    /// <summary>Opens a session of each scorer as one.</summary>
    public IScoringSession Open(string prompt, int slots, CancellationToken cancellation)
    {
        var sessions = new List<IScoringSession>(parts.Count);
        try
        {
            foreach (var (scorer, _) in parts)
                sessions.Add(scorer.Open(prompt, slots, cancellation));
            return new Session(this, [.. sessions], new double[slots]);
        }
        catch
        {
            foreach (var session in sessions)
                session.Dispose();
            throw;
        }
    }

    /// <summary>Closes the scorers that hold a network.</summary>
    public void Dispose()
    {
        foreach (var (scorer, _) in parts)
            (scorer as IDisposable)?.Dispose();
    }

    // A score that is not finite must stay so: a maximum would hide the −∞ of a broken scorer.
    private double With(double total, int part, double score)
    {
        var weighted = parts[part].Weight * score;
        return part == 0 ? weighted : combination == Combination.Sum || !double.IsFinite(weighted) || !double.IsFinite(total) ? total + weighted : Math.Max(total, weighted);
    }

    private sealed class Session(WeightedScores scores, IScoringSession[] sessions, double[] buffer) : IScoringSession
    {
        public void Extend(ScoringBatch batch, Span<double> totals)
        {
            totals = totals[..batch.Count];
            for (var part = 0; part < sessions.Length; part++)
            {
                var given = buffer.AsSpan(0, batch.Count);
                sessions[part].Extend(batch, given);
                for (var row = 0; row < given.Length; row++)
                    totals[row] = scores.With(totals[row], part, given[row]);
            }
        }

        public void Fork(int source, int target)
        {
            foreach (var session in sessions)
                session.Fork(source, target);
        }

        public void Drop(int slot)
        {
            foreach (var session in sessions)
                session.Drop(slot);
        }

        public void Dispose()
        {
            foreach (var session in sessions)
                session.Dispose();
        }
    }
}

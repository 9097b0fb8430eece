// The lines of one generation in a trace, put together again.

using InferenceGuard.Diagnostics;

namespace InferenceGuard.App.Cli.Explain;

/// <summary>One generation of a trace. It may lack its answer: the generation was stopped or failed.</summary>
/// <param name="Start">What was asked.</param>
/// <param name="Attempts">Every attempt at every block, in order.</param>
/// <param name="Answer">The answer; null where the trace ends before it.</param>
internal sealed record TracedGeneration(TraceStart Start, IReadOnlyList<TraceAttempt> Attempts, TraceAnswer? Answer)
{
    /// <summary>Reads all generations of a trace file.</summary>
    /// <exception cref="GuardException">The file cannot be read, or is no trace.</exception>
    public static IReadOnlyList<TracedGeneration> ReadAll(string path)
    {
        var generations = new List<TracedGeneration>();
        var attempts = new List<TraceAttempt>();
        foreach (var line in DecodeTrace.Read(path))
        {
            if (line is TraceStart start)
                generations.Add(new(start, attempts = [], null));
            else if (generations.Count == 0)
                throw new GuardException(GuardFault.Usage, $"{path} does not begin with a 'start' line; give a whole file written by --trace.");
            else if (line is TraceAttempt attempt)
                attempts.Add(attempt);
            else if (line is TraceAnswer answer)
                generations[^1] = generations[^1] with { Answer = answer };
        }
        return generations.Count > 0
            ? generations
            : throw new GuardException(GuardFault.Usage, $"{path} holds no generation; give a file written by --trace.");
    }

    /// <summary>The beams that the answer grew from, itself included, as (pass, id); empty for an abstention.</summary>
    public IReadOnlySet<(int Pass, int Id)> AnswerPath()
    {
        var path = new HashSet<(int, int)>();
        if (Answer?.Beam is not { } id || Attempts.Count == 0)
            return path;
        var pass = Attempts[^1].Pass;
        var parents = new Dictionary<int, int>();
        foreach (var beam in Attempts.Where(attempt => attempt.Pass == pass).SelectMany(static attempt => attempt.Beams))
            parents[beam.Id] = beam.Parent;
        // A hand-made trace may run in circles; the set ends them.
        for (var next = id; path.Add((pass, next)) && parents.TryGetValue(next, out var parent); next = parent)
        {
        }
        return path;
    }
}

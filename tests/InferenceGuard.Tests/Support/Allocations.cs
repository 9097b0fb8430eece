// What code allocates in its steady state.

namespace InferenceGuard.Tests.Support;

/// <summary>Counts managed bytes.</summary>
internal static class Allocations
{
    /// <summary>
    /// The least that the calling thread allocates in one of ten runs: what every run allocates is in all of them. A collection in the midst of one, on whatever
    /// thread's account, counts what was left of the thread's allocation buffer.
    /// </summary>
    public static long Of(Action run)
    {
        var least = long.MaxValue;
        for (var time = 0; time < 10; time++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            run();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }
}

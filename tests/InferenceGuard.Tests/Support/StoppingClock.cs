// A clock that presses Ctrl-C when it is read for the n-th time, so that a command is interrupted at the same point in every run.

namespace InferenceGuard.Tests.Support;

/// <summary>Commands read the clock once when they begin and once per line of progress.</summary>
/// <param name="reads">The read at which Ctrl-C is pressed.</param>
internal sealed class StoppingClock(int reads) : TimeProvider
{
    private Action? _stop;
    private int _reads;

    /// <summary>What the command does at Ctrl-C; for <c>Terminal.OnInterrupt</c>.</summary>
    public IDisposable OnInterrupt(Action stop)
    {
        _stop = stop;
        return new MemoryStream();
    }

    public override long GetTimestamp()
    {
        if (++_reads == reads)
            _stop!();
        return base.GetTimestamp();
    }
}

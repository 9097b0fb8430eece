// Ctrl-C as a request to stop; whoever presses it twice means the process.

namespace InferenceGuard.App.Cli;

/// <summary>Turns the first Ctrl-C of its lifetime into a call; the second ends the process as usual.</summary>
internal sealed class Interrupt : IDisposable
{
    private readonly ConsoleCancelEventHandler _handler;

    public Interrupt(Action stop)
    {
        var isStopping = false;
        _handler = (_, press) =>
        {
            if (isStopping)
                return;
            press.Cancel = isStopping = true;
            stop();
        };
        Console.CancelKeyPress += _handler;
    }

    public void Dispose() => Console.CancelKeyPress -= _handler;
}

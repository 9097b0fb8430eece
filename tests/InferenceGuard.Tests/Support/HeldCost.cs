// A cost that a test holds up for as long as it wants, so that a search stands still.

namespace InferenceGuard.Tests.Support;

/// <summary>An endpoint whose answers wait while it is held. It charges nothing that the tiny models say.</summary>
internal sealed class HeldCost : IDisposable
{
    private readonly ManualResetEventSlim _open = new(true);
    private readonly SemaphoreSlim _asked = new(0);
    private readonly LoopbackServer _server;

    public HeldCost() => _server = new(Answer);

    /// <summary>The cost, as the command line names it.</summary>
    public string Spec => $"http:{_server.Address}/v1/moderations";

    /// <summary>Time for every answer while it is not held.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Holds what is asked from now on.</summary>
    public void Hold() => _open.Reset();

    /// <summary>Lets everything go.</summary>
    public void Release() => _open.Set();

    /// <summary>Waits until a search has asked.</summary>
    public async Task IsAsked() => Assert.That(await _asked.WaitAsync(TimeSpan.FromSeconds(20)), "no search has begun");

    public void Dispose()
    {
        _open.Set();
        _server.Dispose();
    }

    private LoopbackServer.Reply Answer(LoopbackServer.Request request)
    {
        _asked.Release();
        _open.Wait();
        return WordJudge.Moderation(request) with { Delay = Delay };
    }
}

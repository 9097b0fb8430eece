// A real HTTP server on this machine whose replies a test writes.

using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace InferenceGuard.Tests.Support;

/// <summary>An HTTP server on a free loopback port. Requests are answered side by side.</summary>
internal sealed class LoopbackServer : IDisposable
{
    private readonly HttpListener _listener;
    private readonly Func<Request, Reply> _answer;
    private readonly CancellationTokenSource _stopped = new();
    private readonly Lock _counting = new();
    private int _open;

    /// <summary>Starts a server.</summary>
    /// <param name="answer">Makes the reply to a request.</param>
    public LoopbackServer(Func<Request, Reply> answer)
    {
        (_answer, Address) = (answer, $"http://127.0.0.1:{FreePort()}");
        _listener = new() { Prefixes = { Address + "/" } };
        _listener.Start();
        _ = Task.Run(ListenAsync);
    }

    /// <summary>Scheme, host and port.</summary>
    public string Address { get; }

    /// <summary>The requests so far.</summary>
    public ConcurrentQueue<Request> Requests { get; } = new();

    /// <summary>Most requests that were open at once.</summary>
    public int MostAtOnce { get; private set; }

    /// <summary>An address on this machine where nothing listens.</summary>
    public static string DeadAddress => $"http://127.0.0.1:{FreePort()}";

    public void Dispose()
    {
        _stopped.Cancel();
        _listener.Close();
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private async Task ListenAsync()
    {
        while (true)
            try
            {
                var context = await _listener.GetContextAsync();
                _ = Task.Run(() => ServeAsync(context));
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
    }

    private async Task ServeAsync(HttpListenerContext context)
    {
        lock (_counting)
            MostAtOnce = Math.Max(MostAtOnce, ++_open);
        using var reader = new StreamReader(context.Request.InputStream, Encoding.UTF8);
        var request = new Request(context.Request.RawUrl!, context.Request.Headers["Authorization"], context.Request.ContentType, await reader.ReadToEndAsync());
        Requests.Enqueue(request);
        try
        {
            var reply = _answer(request);
            await Task.Delay(reply.Delay, _stopped.Token);
            var body = Encoding.UTF8.GetBytes(reply.Body);
            context.Response.StatusCode = reply.Status;
            foreach (var (name, value) in reply.Headers)
                context.Response.Headers[name] = value;
            context.Response.ContentLength64 = body.Length + (reply.IsTruncated ? 1 : 0);
            lock (_counting)
                _open--;
            await context.Response.OutputStream.WriteAsync(body, _stopped.Token);
            if (reply.IsTruncated)
                context.Response.Abort();
            else
                context.Response.Close();
        }
        catch (Exception e) when (e is HttpListenerException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            context.Response.Abort(); // The caller has gone away, as some tests want.
        }
    }

    /// <summary>What was asked.</summary>
    public sealed record Request(string Path, string? Authorization, string? ContentType, string Body);

    /// <summary>What is answered.</summary>
    public sealed record Reply(string Body, int Status = 200)
    {
        public (string Name, string Value)[] Headers { get; init; } = [];

        public TimeSpan Delay { get; init; }

        /// <summary>Whether the connection ends before the body does.</summary>
        public bool IsTruncated { get; init; }
    }
}

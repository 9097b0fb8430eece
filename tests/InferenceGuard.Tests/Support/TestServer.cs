// A server in the test process, opened from options as `serve` opens it.

using System.Collections.Concurrent;
using System.CommandLine;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using InferenceGuard.App.Cli;
using InferenceGuard.App.Server;
using InferenceGuard.Tests.App;
using Spectre.Console.Testing;

namespace InferenceGuard.Tests.Support;

/// <summary>A server in the test process, on a free port, and a client of it.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly ServerHost _host;
    private Task? _stopping;

    private TestServer(ServedModel served, ServerHost host, ConcurrentQueue<string> log)
    {
        (Served, _host, Log) = (served, host, log);
        Http = new() { BaseAddress = new(host.Url) };
    }

    /// <summary>Options of the embedded model and a quick search.</summary>
    public static string[] Hearth { get; } = ["--threads", "1", "--device", "cpu", "--beams", "8", "--keep", "4"];

    /// <summary>Options of the trap model and a quick search.</summary>
    public static string[] Trap => [.. TrapRun.Options, "--device", "cpu", "--beams", "8", "--keep", "4", "--block-tokens", "2", "--max-tokens", "8"];

    /// <summary>Options of a tiny model and a cost that it never pays.</summary>
    public static string[] Tiny { get; } = [.. CommandRun.Quick, "--device", "cpu"];

    /// <summary>Options with other values for some.</summary>
    public static string[] But(string[] args, params string[] options)
    {
        var given = options.Chunk(2).Select(static pair => pair[0]).ToArray();
        return [.. args.Chunk(2).Where(pair => !given.Contains(pair[0])).SelectMany(static pair => pair), .. options];
    }

    public ServedModel Served { get; }

    public string Url => _host.Url;

    /// <summary>Every address it listens on.</summary>
    public IReadOnlyCollection<string> Urls => _host.Urls;

    /// <summary>A client without a key.</summary>
    public HttpClient Http { get; }

    /// <summary>What the server wrote.</summary>
    public ConcurrentQueue<string> Log { get; }

    /// <summary>Sequences of searches that run.</summary>
    public int UsedSequences => Served.Usage.Sum(static cache => cache.UsedSequences);

    /// <summary>Starts a server on a free port.</summary>
    /// <param name="options">What it is started with.</param>
    /// <param name="args">Model and search, as a command line has them.</param>
    public static async Task<TestServer> Start(ServerOptions? options, params string[] args)
    {
        options = (options ?? new()) with { Port = 0 };
        var (log, served) = (new ConcurrentQueue<string>(), Open(options, args));
        return new(served, await ServerHost.Start(served, options, log.Enqueue), log);
    }

    /// <summary>Opens what a server answers with.</summary>
    public static ServedModel Open(ServerOptions options, params string[] args)
    {
        var (modelFlags, guardFlags, command) = (new ModelFlags(), new GuardFlags(), new Command("serve"));
        modelFlags.AddTo(command, takesCritic: true);
        guardFlags.AddTo(command);
        var parsed = command.Parse(args);
        Assert.That(parsed.Errors, Is.Empty);
        var choice = modelFlags.Bind(parsed);
        var terminal = new Terminal { Out = new TestConsole(), Error = new TestConsole(), In = Stream.Null };
        return ServedModel.Open(choice, guardFlags.Bind(parsed, terminal, choice.Critic is not null), options, static _ => { });
    }

    /// <summary>A prompt in the body of a chat completion.</summary>
    /// <param name="prompt">The user's turn.</param>
    /// <param name="more">Further fields, each with a comma before it.</param>
    public static string Chat(string prompt, string more = "") => $$"""{"messages":[{"role":"user","content":{{JsonSerializer.Serialize(prompt)}}}]{{more}}}""";

    /// <summary>Sends JSON.</summary>
    public Task<HttpResponseMessage> Send(string path, string json, CancellationToken cancellation = default) =>
        Http.PostAsync(new Uri(path, UriKind.Relative), new StringContent(json, Encoding.UTF8, "application/json"), cancellation);

    /// <summary>Sends JSON, and reads what is answered.</summary>
    public async Task<(HttpStatusCode Status, JsonElement Body)> Ask(string path, string json)
    {
        using var response = await Send(path, json);
        return (response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>());
    }

    /// <summary>A chat completion that succeeds.</summary>
    public async Task<JsonElement> Answer(string json)
    {
        var (status, body) = await Ask("/v1/chat/completions", json);
        Assert.That(status, Is.EqualTo(HttpStatusCode.OK), body.ToString());
        return body;
    }

    /// <summary>Asserts that a request is refused in OpenAI's shape.</summary>
    /// <param name="path">Where.</param>
    /// <param name="json">What is sent.</param>
    /// <param name="status">The status expected.</param>
    /// <param name="parameter">The field that is to blame.</param>
    public async Task Refuses(string path, string json, int status, string? parameter)
    {
        var (given, body) = await Ask(path, json);
        Assert.That((int)given, Is.EqualTo(status), body.ToString());
        var error = body.GetProperty("error");
        Assert.That(error.GetProperty("message").GetString(), Is.Not.Empty);
        Assert.That(error.GetProperty("type").GetString(), Is.EqualTo("invalid_request_error"));
        Assert.That(error.TryGetProperty("param", out var named) ? named.GetString() : null, Is.EqualTo(parameter), body.ToString());
    }

    /// <summary>Begins a stream: headers are read, nothing else.</summary>
    public Task<HttpResponseMessage> Begin(string json, CancellationToken cancellation = default)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        return Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
    }

    /// <summary>Waits until no search runs.</summary>
    public async Task BecomesIdle()
    {
        for (var wait = 0; UsedSequences > 0 && wait < 200; wait++)
            await Task.Delay(20);
        Assert.That(UsedSequences, Is.Zero, "sequences of searches that nobody waits for");
    }

    /// <summary>Stops taking requests, and waits for those that run.</summary>
    public Task Stop() => _stopping ??= _host.DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Stop();
        Served.Dispose();
    }
}

// Who gets in, and what the server tells those who do not, and its log.

using System.Net;
using InferenceGuard.Tests.App;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Server;

internal sealed class AccessTests
{
    private const string Key = "sk-0123456789abcdef0123";
    private const string Marker = "zanzibar";

    private static readonly string[] Places = ["/", "/v1/models", "/v1/models/other", "/health", "/health/live", "/openapi.json", "/metrics", "/nowhere"];

    [Test]
    public async Task Keys_OnlyTheRightOne_LetsIn()
    {
        await using var server = await TestServer.Start(new() { Keys = ["another-key-of-someone", Key] }, TestServer.Trap);
        foreach (var header in (string?[])[null, "", "Bearer", "Bearer ", "Bearer wrong", "Basic " + Key, Key, "Bearer " + Key + "x", "Bearer " + Key[..^1]])
            foreach (var path in (string[])["/v1/models", "/v1/nowhere", "/metrics"])
            {
                using var response = await Get(server, path, header);
                Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized), $"{path} with {header}");
                Assert.That(response.Headers.WwwAuthenticate.ToString(), Is.EqualTo("Bearer"));
                Assert.That(await response.Content.ReadAsStringAsync(), Does.Contain("invalid_api_key").And.Not.Contain(Key[..8]));
            }
        foreach (var header in (string[])["Bearer " + Key, "bearer " + Key])
        {
            using var models = await Get(server, "/v1/models", header);
            Assert.That(models.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        }
        using var health = await Get(server, "/health", null);
        Assert.That(health.StatusCode, Is.EqualTo(HttpStatusCode.OK), "a probe has no key");
        Assert.That(server.Log, Has.Some.EndsWith("key 2").And.None.Contains(Key[..8]));
    }

    [TestCase("evil.example", false, false)]
    [TestCase("127.0.0.1.evil.example", false, false)]
    [TestCase("localhost", false, true)]
    [TestCase("evil.example", true, true)]
    public async Task Host_ForeignNameOnLoopbackWithoutKey_IsRefused(string host, bool hasKey, bool passes)
    {
        await using var server = await TestServer.Start(new() { Keys = hasKey ? [Key] : [] }, TestServer.Trap);
        foreach (var path in (string[])["/v1/models", "/health"])
        {
            using var response = await Get(server, path, hasKey ? "Bearer " + Key : null, host);
            Assert.That(response.StatusCode, Is.EqualTo(passes ? HttpStatusCode.OK : HttpStatusCode.BadRequest), path);
        }
    }

    [Test]
    public async Task EveryResponse_HasSecurityHeaders()
    {
        await using var server = await TestServer.Start(new() { HasPage = true }, TestServer.Trap);
        foreach (var path in Places)
        {
            using var response = await Get(server, path, null);
            var headers = response.Headers.Concat(response.Content.Headers).ToDictionary(static header => header.Key, static header => string.Join(' ', header.Value));
            Assert.That(headers["X-Content-Type-Options"], Is.EqualTo("nosniff"), path);
            Assert.That(headers["X-Frame-Options"], Is.EqualTo("DENY"), path);
            Assert.That(headers["Referrer-Policy"], Is.EqualTo("no-referrer"), path);
            Assert.That(headers["Content-Security-Policy"], Does.Contain("frame-ancestors 'none'"), path);
            Assert.That(headers.Keys, Has.None.EqualTo("Server").And.None.StartsWith("Access-Control"), path);
        }
    }

    [Test]
    public async Task Log_WhateverIsAsked_HoldsNoTextAndNoKey()
    {
        using var echo = new LoopbackServer(static request => request.Body.Contains("fail", StringComparison.Ordinal) ? new(request.Body, 422) : WordJudge.Moderation(request));
        await using var server = await TestServer.Start(new() { Keys = [Key] }, TestServer.But(TestServer.Tiny, "--cost", $"http:{echo.Address}/v1/moderations,retries=0"));
        server.Http.DefaultRequestHeaders.Authorization = new("Bearer", Key);
        var bodies = new List<string>();
        foreach (var json in (string[])
        [
            TestServer.Chat(Marker), TestServer.Chat(Marker, ""","stream":true"""), TestServer.Chat(Marker + " fail"), TestServer.Chat(Marker + " fail", ""","stream":true"""),
            TestServer.Chat("hello", $""","model":"{Marker}" """), TestServer.Chat("hello", $""","safety":{"{"}"carry":"{Marker}"{"}"}"""), "{\"" + Marker + "\":", TestServer.Chat("hello", $""","n":"{Marker}" """),
        ])
            using (var response = await server.Send("/v1/chat/completions", json))
                bodies.Add(await response.Content.ReadAsStringAsync());
        foreach (var path in (string[])[$"/v1/models/{Marker}", $"/{Marker}", $"/v1/models?{Marker}"])
            (await Get(server, path, "Bearer " + Key)).Dispose();
        await server.BecomesIdle();
        Assert.That(server.Log, Has.Count.GreaterThan(10).And.None.Contains(Marker).And.None.Contains(Key[..8]));
        Assert.That(server.Log, Has.Some.Contains("answered 422"), "why it failed is told, without the text");
        Assert.That(bodies, Has.None.Contains(Key[..8]).And.None.Contains("answered 422").And.None.Contains(echo.Address));
    }

    [Test]
    public async Task RateLimit_RequestsBeyondIt_AreTurnedAwayWithATime()
    {
        await using var server = await TestServer.Start(new() { Keys = [Key, "another-key-of-someone"], RateLimit = 2 }, TestServer.Trap);
        server.Http.DefaultRequestHeaders.Authorization = new("Bearer", Key);
        for (var request = 0; request < 2; request++)
            (await server.Send("/v1/moderations", """{"input":"x"}""")).EnsureSuccessStatusCode();
        using var refused = await server.Send("/v1/chat/completions", TestServer.Chat("x!"));
        Assert.That((int)refused.StatusCode, Is.EqualTo(429));
        Assert.That(refused.Headers.RetryAfter?.Delta, Is.InRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60)));
        Assert.That(await refused.Content.ReadAsStringAsync(), Does.Contain("rate_limit_exceeded"));
        server.Http.DefaultRequestHeaders.Authorization = new("Bearer", "another-key-of-someone");
        (await server.Send("/v1/moderations", """{"input":"x"}""")).EnsureSuccessStatusCode();
    }

    [Test]
    public async Task Settings_OfTheFolderItIsStartedIn_OpenNoOtherPort()
    {
        var settings = Path.Combine(Environment.CurrentDirectory, "appsettings.json");
        await File.WriteAllTextAsync(settings, """{"Kestrel":{"Endpoints":{"Other":{"Url":"http://127.0.0.1:0"}}},"urls":"http://127.0.0.1:0"}""");
        try
        {
            await using var server = await TestServer.Start(null, TestServer.Trap);
            Assert.That(server.Urls, Has.Count.EqualTo(1));
        }
        finally
        {
            File.Delete(settings);
        }
    }

    [TestCase("--host", "0.0.0.0")]
    [TestCase("--host", "::")]
    [TestCase("--host", "192.0.2.1")]
    public void Serve_OpenToTheNetworkWithoutAKey_IsAUsageError(params string[] options) =>
        Serve(options).FailsWith(2, "--host " + options[1], "--api-key-file", "--open");

    [TestCase("--host", "example.com", "--host")]
    [TestCase("--port", "70000", "--port")]
    [TestCase("--parallel", "65", "--parallel")]
    [TestCase("--caches", "9", "--caches")]
    [TestCase("--queue", "-1", "--queue")]
    [TestCase("--rate-limit", "-1", "--rate-limit")]
    [TestCase("--most-choices", "0", "--most-choices")]
    [TestCase("--longest-answer", "0", "--longest-answer")]
    [TestCase("--api-key-file", "/no/such/file", "/no/such/file")]
    [TestCase("--carry-secret-file", "/no/such/file", "/no/such/file")]
    [TestCase("--method", "best-of-n", "--method")]
    public void Serve_OptionThatIsWrong_IsAUsageError(string option, string value, string part) =>
        Serve(option, value).FailsWith(2, part);

    [TestCase("short")]
    [TestCase("# nothing but a comment")]
    public void Serve_KeyFileWithoutAGoodKey_IsAUsageErrorThatDoesNotShowIt(string text)
    {
        var run = Serve("--api-key-file", CommandRun.Write("keys.txt", text + "\n"));
        run.FailsWith(2, "keys.txt");
        Assert.That(run.Error, Does.Not.Contain(text));
    }

    [Test]
    public void Serve_CtrlC_SaysWhereItListenedAndEnds()
    {
        var run = Serve("--port", "0");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Out, Does.Contain("tiny-bpe at http://127.0.0.1:"));
    }

    // Interrupted as soon as it serves.
    private static CommandRun Serve(params string[] options) =>
        CommandRun.With(static terminal => terminal with { OnInterrupt = static stop => { stop(); return Stream.Null; } }, [], ["serve", .. CommandRun.Quick, .. options]);

    private static Task<HttpResponseMessage> Get(TestServer server, string path, string? authorization, string? host = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Host = host;
        if (authorization is not null)
            _ = request.Headers.TryAddWithoutValidation("Authorization", authorization);
        return server.Http.SendAsync(request);
    }
}

// Searches that a server runs: full queues, clients that leave, time limits, shutting down, and what the metrics say of them.

using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using InferenceGuard.Tests.App;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Server;

internal sealed partial class SearchTests
{
    private const string Chat = "/v1/chat/completions";

    [Test]
    public async Task Submit_QueueIsFull_IsTurnedAwayWithATime()
    {
        using var cost = new HeldCost();
        await using var server = await TestServer.Start(new() { Parallel = 1, Queue = 1 }, TestServer.But(TestServer.Tiny, "--cost", cost.Spec));
        cost.Hold();
        var running = server.Answer(TestServer.Chat("hello"));
        await cost.IsAsked();
        var waiting = server.Answer(TestServer.Chat("hello"));
        while (!(await server.Http.GetStringAsync(new Uri("/health", UriKind.Relative))).Contains("\"waiting\":1", StringComparison.Ordinal))
            await Task.Delay(10);
        foreach (var more in (string[])["", ""","stream":true""", ""","n":2"""])
        {
            using var refused = await server.Send(Chat, TestServer.Chat("hello", more));
            Assert.That((int)refused.StatusCode, Is.EqualTo(429), more);
            Assert.That(refused.Headers.RetryAfter?.Delta, Is.InRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60)));
            Assert.That(await refused.Content.ReadAsStringAsync(), Does.Contain("queue_full"));
        }
        cost.Release();
        await Task.WhenAll(running, waiting);
        await server.Answer(TestServer.Chat("hello"));
    }

    [Test]
    public async Task Submit_QueueFullOfClientsThatHaveLeft_TakesTheirPlace()
    {
        using var cost = new HeldCost();
        await using var server = await TestServer.Start(new() { Parallel = 1, Queue = 2 }, TestServer.But(TestServer.Tiny, "--cost", cost.Spec));
        cost.Hold();
        var running = server.Answer(TestServer.Chat("hello"));
        await cost.IsAsked();
        using var leaves = new CancellationTokenSource();
        var left = server.Begin(TestServer.Chat("hello", ""","n":2"""), leaves.Token);
        while (!(await server.Http.GetStringAsync(new Uri("/health", UriKind.Relative))).Contains("\"waiting\":2", StringComparison.Ordinal))
            await Task.Delay(10);
        await leaves.CancelAsync();
        Assert.That(async () => await left, Throws.InstanceOf<OperationCanceledException>());
        await Task.Delay(100); // The server learns of it from the connection.
        var came = server.Answer(TestServer.Chat("hello", ""","n":2"""));
        while (!came.IsCompleted && !(await server.Http.GetStringAsync(new Uri("/health", UriKind.Relative))).Contains("\"waiting\":2", StringComparison.Ordinal))
            await Task.Delay(10);
        cost.Release();
        await Task.WhenAll(running, came);
        await server.Answer(TestServer.Chat("hello"));
    }

    [TestCase("")]
    [TestCase(""","stream":true""")]
    public async Task Disconnect_InTheMiddle_FreesSequencesAndTheLogSaysSo(string more)
    {
        using var cost = new HeldCost();
        await using var server = await TestServer.Start(new() { Parallel = 2 }, TestServer.But(TestServer.Tiny, "--cost", cost.Spec));
        cost.Hold();
        using var leaves = new CancellationTokenSource();
        var request = server.Begin(TestServer.Chat("hello", ""","n":4""" + more), leaves.Token);
        await cost.IsAsked();
        Assert.That(server.UsedSequences, Is.GreaterThan(0));
        await leaves.CancelAsync();
        try
        {
            using var response = await request;
            _ = await response.Content.ReadAsStringAsync(leaves.Token);
        }
        catch (OperationCanceledException)
        {
        }
        await Task.Delay(100); // The server learns of it from the connection.
        cost.Release();
        await server.BecomesIdle();
        for (var wait = 0; server.Log.IsEmpty && wait < 100; wait++)
            await Task.Delay(20);
        Assert.That(server.Log, Has.Some.StartWith("POST /v1/chat/completions"));
        await server.Answer(TestServer.Chat("hello"));
    }

    [TestCase("4", "2")]
    [TestCase("100", "25")]
    [TestCase("255", "1")]
    public async Task Answer_NothingIsSafe_FindsRoomForTheWiderSearchAndAbstains(string beams, string keep)
    {
        await using var server = await TestServer.Start(null, TestServer.But(TestServer.Tiny, "--cost", CommandRun.DearCostSpec, "--budget", "-1", "--beams", beams, "--keep", keep, "--retries", "0"));
        var answer = await server.Answer(TestServer.Chat("hello"));
        Assert.That(answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString(), Is.EqualTo("content_filter"));
        Assert.That(answer.GetProperty("safety").GetProperty("widened").GetBoolean(), Is.EqualTo(beams != "255"), "255 beams and the one that is kept are all sequences there are");
    }

    [TestCase("")]
    [TestCase(""","stream":true""")]
    public async Task Timeout_SlowCost_GivesAnAnswerOrAnAbstentionInTime(string more)
    {
        using var cost = new HeldCost { Delay = TimeSpan.FromMilliseconds(150) };
        await using var server = await TestServer.Start(null, TestServer.But(TestServer.Tiny, "--cost", cost.Spec, "--max-tokens", "120"));
        var begin = Stopwatch.GetTimestamp();
        using var response = await server.Send(Chat, TestServer.Chat("hello", ""","timeout_ms":400""" + more));
        var body = await response.Content.ReadAsStringAsync();
        Assert.That(Stopwatch.GetElapsedTime(begin), Is.LessThan(TimeSpan.FromSeconds(4)), "40 blocks of 150 ms are 6 s");
        Assert.That(body, Does.Contain("content_filter").Or.Contain("\"stop\"").Or.Contain("\"length\""));
    }

    [Test]
    public async Task Timeout_OverWhileItWaits_IsAnAbstention()
    {
        using var cost = new HeldCost();
        await using var server = await TestServer.Start(new() { Parallel = 1 }, TestServer.But(TestServer.Tiny, "--cost", cost.Spec));
        cost.Hold();
        var first = server.Answer(TestServer.Chat("hello"));
        await cost.IsAsked();
        var late = server.Answer(TestServer.Chat("hello", ""","timeout_ms":50"""));
        await Task.Delay(200);
        cost.Release();
        Assert.That((await first).GetProperty("choices")[0].GetProperty("finish_reason").GetString(), Is.Not.EqualTo("content_filter"));
        Assert.That((await late).GetProperty("choices")[0].GetProperty("finish_reason").GetString(), Is.EqualTo("content_filter"));
    }

    [Test]
    public async Task Stop_WhileAnswering_FinishesThatAndTakesNoMore()
    {
        using var cost = new HeldCost();
        await using var server = await TestServer.Start(null, TestServer.But(TestServer.Tiny, "--cost", cost.Spec));
        cost.Hold();
        var running = server.Answer(TestServer.Chat("hello"));
        await cost.IsAsked();
        var stopping = server.Stop();
        HttpResponseMessage? refused = null;
        for (var wait = 0; refused?.StatusCode != HttpStatusCode.ServiceUnavailable && wait < 100; wait++)
        {
            refused?.Dispose();
            using var giveUp = new CancellationTokenSource(TimeSpan.FromMilliseconds(100)); // One that came before is queued.
            try
            {
                refused = await server.Send(Chat, TestServer.Chat("hello"), giveUp.Token);
            }
            catch (OperationCanceledException)
            {
                refused = null;
            }
        }
        Assert.That(refused?.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        using var ready = await server.Http.GetAsync(new Uri("/health/ready", UriKind.Relative));
        using var live = await server.Http.GetAsync(new Uri("/health/live", UriKind.Relative));
        Assert.That((ready.StatusCode, live.StatusCode), Is.EqualTo((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK)));
        Assert.That(stopping.IsCompleted, Is.False, "an answer is still being written");
        cost.Release();
        Assert.That((await running).GetProperty("choices").GetArrayLength(), Is.EqualTo(1));
        await stopping;
        Assert.That(async () => await server.Send(Chat, TestServer.Chat("hello")), Throws.TypeOf<HttpRequestException>());
    }

    [Test]
    public async Task Stream_SlowSearch_KeepsTheConnectionAlive()
    {
        using var cost = new HeldCost();
        await using var server = await TestServer.Start(null, TestServer.But(TestServer.Tiny, "--cost", cost.Spec));
        cost.Hold();
        using var response = await server.Begin(TestServer.Chat("hello", ""","stream":true"""));
        Assert.That(response.Content.Headers.ContentType?.ToString(), Is.EqualTo("text/event-stream; charset=utf-8"));
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        string? line;
        do
            line = await reader.ReadLineAsync(patience.Token);
        while (line?.StartsWith(':') == false);
        Assert.That(line, Is.EqualTo(": searching"));
        cost.Release();
        Assert.That(await reader.ReadToEndAsync(patience.Token), Does.EndWith("data: [DONE]\n\n"));
    }

    [Test]
    public async Task Stream_CostFailsOnTheWay_EndsWithAnErrorThatTheLogExplains()
    {
        var asked = 0;
        using var endpoint = new LoopbackServer(request => Interlocked.Increment(ref asked) < 6 ? WordJudge.Moderation(request) : new("out of memory", 500));
        await using var server = await TestServer.Start(null, TestServer.But(TestServer.Tiny, "--cost", $"http:{endpoint.Address}/v1/moderations,retries=0", "--beams", "1", "--keep", "1", "--block-tokens", "1"));
        using var response = await server.Send(Chat, TestServer.Chat("hello", ""","stream":true"""));
        var body = await response.Content.ReadAsStringAsync();
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK), "a beginning was shown");
        Assert.That(body, Does.Contain("generation_failed").And.Not.Contain("[DONE]").And.Not.Contain("finish_reason\":\"stop"));
        for (var wait = 0; server.Log.IsEmpty && wait < 100; wait++)
            await Task.Delay(20);
        Assert.That(server.Log, Has.Some.Contains("answered 500"));
        await server.BecomesIdle();
    }

    [Test]
    public async Task Callers_TakeTurns_SoThatOneAmongManyIsNotKeptWaiting()
    {
        const string many = "sk-0123456789abcdef-many", one = "sk-0123456789abcdef-one";
        using var cost = new HeldCost();
        await using var server = await TestServer.Start(new() { Parallel = 1, Keys = [many, one] }, TestServer.But(TestServer.Tiny, "--cost", cost.Spec));
        using var other = new HttpClient { BaseAddress = server.Http.BaseAddress, DefaultRequestHeaders = { Authorization = new("Bearer", one) } };
        server.Http.DefaultRequestHeaders.Authorization = new("Bearer", many);
        cost.Hold();
        var crowd = Enumerable.Range(0, 10).Select(_ => server.Answer(TestServer.Chat("hello"))).ToArray();
        await cost.IsAsked();
        await Task.Delay(200);
        using var content = new StringContent(TestServer.Chat("hello"), System.Text.Encoding.UTF8, "application/json");
        var single = other.PostAsync(new Uri(Chat, UriKind.Relative), content);
        await Task.Delay(200);
        cost.Release();
        (await single).EnsureSuccessStatusCode();
        Assert.That(crowd.Count(static answer => !answer.IsCompleted), Is.GreaterThan(4));
        await Task.WhenAll(crowd);
    }

    [Test]
    public async Task Metrics_AfterAnswers_ParseAndCountThem()
    {
        await using var server = await TestServer.Start(null, TestServer.Trap);
        var before = await Metrics(server);
        var (tokens, decoded) = (0, 0L);
        for (var seed = 0; seed < 8; seed++)
        {
            var answer = await server.Answer(TestServer.Chat("x?", $$""","seed":{{seed}}"""));
            tokens += answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32();
            decoded += answer.GetProperty("safety").GetProperty("decoded_tokens").GetInt64();
        }
        (await server.Send(Chat, TestServer.Chat("x!", ""","stream":true"""))).Dispose();
        var filtered = await server.Answer(TestServer.Chat("x!", ""","safety":{"budget":-1}"""));
        await server.Refuses(Chat, TestServer.Chat("x?", ""","n":0"""), 400, "n");
        var after = await Metrics(server);

        Assert.That(Moved("inferenceguard_requests_total{endpoint=\"/v1/chat/completions\",status=\"200\"}"), Is.EqualTo(10));
        Assert.That(Moved("inferenceguard_requests_total{endpoint=\"/v1/chat/completions\",status=\"400\"}"), Is.EqualTo(1));
        Assert.That(Moved("inferenceguard_returned_tokens_total"), Is.GreaterThan(tokens), "and those of the stream");
        Assert.That(Moved("inferenceguard_decoded_tokens_total"), Is.GreaterThan(decoded));
        Assert.That(Moved("inferenceguard_abstentions_total"), Is.EqualTo(1));
        Assert.That(Moved("inferenceguard_interventions_total{reason=\"over_budget\"}"), Is.GreaterThan(0));
        Assert.That(Moved("inferenceguard_answer_seconds_count"), Is.EqualTo(10));
        Assert.That(Moved("inferenceguard_first_committed_seconds_count"), Is.LessThanOrEqualTo(1));
        Assert.That(Moved("inferenceguard_decoded_steps_total"), Is.GreaterThanOrEqualTo(Moved("inferenceguard_decodes_total")).And.GreaterThan(0));
        Assert.That((after["inferenceguard_searches_running"], after["inferenceguard_queue"], after["inferenceguard_kv_cells{use=\"searches\"}"]), Is.EqualTo((0.0, 0.0, 0.0)));
        Assert.That(after["inferenceguard_kv_cells{use=\"all\"}"], Is.GreaterThan(0));
        Assert.That(filtered.GetProperty("choices")[0].GetProperty("finish_reason").GetString(), Is.EqualTo("content_filter"));

        double Moved(string name) => after.GetValueOrDefault(name) - before.GetValueOrDefault(name);
    }

    [Test]
    public async Task Trace_OfAnAnswer_IsStreamedToItsEnd()
    {
        await using var server = await TestServer.Start(new() { HasPage = true }, TestServer.Trap);
        var answer = await server.Answer(TestServer.Chat("x?"));
        var lines = (await server.Http.GetStringAsync(new Uri($"/v1/traces/{answer.GetProperty("id").GetString()}", UriKind.Relative))).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.That(lines[^1], Is.EqualTo("data: [DONE]"));
        Assert.That(lines[..^1], Has.Length.GreaterThan(2).And.All.StartsWith("data: {"));
        using var none = await server.Http.GetAsync(new Uri("/v1/traces/none", UriKind.Relative));
        Assert.That(none.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    // name, labels and value; every other line is a comment.
    private static async Task<Dictionary<string, double>> Metrics(TestServer server)
    {
        var lines = (await server.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative))).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(lines, Has.All.Matches<string>(static line => Comment().IsMatch(line) || Sample().IsMatch(line)));
        return lines.Where(static line => line[0] != '#').Select(static line => Sample().Match(line)).ToDictionary(
            static sample => sample.Groups[1].Value, static sample => sample.Groups[2].Value switch { "+Inf" => double.PositiveInfinity, var value => double.Parse(value, CultureInfo.InvariantCulture) });
    }

    [GeneratedRegex("""^# (HELP [a-z_]+ .+|TYPE [a-z_]+ (counter|gauge|histogram))$""")]
    private static partial Regex Comment();

    [GeneratedRegex("""^([a-z_]+(?:\{[a-z_]+="[^"]*"(?:,[a-z_]+="[^"]*")*\})?) (\S+)$""")]
    private static partial Regex Sample();
}

// A budget over several turns in the client's hands, and safety states of given answers.

using System.Net;
using System.Text.Json;
using InferenceGuard.Scoring;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Server;

internal sealed class CarryTests
{
    private const string First = "can you help me clear a slow drain?", Second = "how do i get a toilet shiny quickly?";

    private TestServer _server = null!;

    [OneTimeSetUp]
    public async Task Start() => _server = await TestServer.Start(new(), TestServer.Hearth);

    [OneTimeTearDown]
    public async Task Stop() => await _server.DisposeAsync();

    [TestCase("")]
    [TestCase(""","stream":true""")]
    public async Task Carry_NextTurn_GoesOnWithTheStateOfTheLast(string more)
    {
        var (text, first) = await Turn(_server, [("user", First)], "true", more);
        var (again, second) = await Turn(_server, [("user", First), ("assistant", text), ("user", Second)], Quoted(first), more);
        Assert.That(second.GetProperty("budget").GetDouble(), Is.EqualTo(first.GetProperty("state").GetDouble()));
        // γ < 1 lets unspent budget grow a little; a cost would take from it.
        Assert.That(second.GetProperty("budget").GetDouble(), Is.Not.EqualTo(10));
        var (_, third) = await Turn(_server, [("user", First), ("assistant", text), ("user", Second), ("assistant", again), ("user", First)], Quoted(second), more);
        Assert.That(third.GetProperty("budget").GetDouble(), Is.EqualTo(second.GetProperty("state").GetDouble()));
    }

    [Test]
    public async Task Carry_NotAskedFor_IsNotGiven()
    {
        var answer = await _server.Answer(TestServer.Chat(First));
        Assert.That(answer.GetProperty("safety").TryGetProperty("carry", out _), Is.False);
    }

    [Test]
    public async Task Carry_ForgedOrOfAnotherConversation_IsRefused()
    {
        var (text, report) = await Turn(_server, [("user", First)], "true", "");
        var token = report.GetProperty("carry").GetString()!;
        (string, string)[] conversation = [("user", First), ("assistant", text), ("user", Second)];
        foreach (var forged in Forgeries(token))
            await Refuses(conversation, forged);
        await Refuses([("user", First), ("assistant", text + " "), ("user", Second)], token);
        await Refuses([("user", First + "!"), ("assistant", text), ("user", Second)], token);
        await Refuses([("system", "be short"), .. conversation], token);
        await Refuses([("user", First), ("user", Second)], token);
        await Refuses([("user", First + "user" + text)], token);
        await Turn(_server, conversation, JsonSerializer.Serialize(token), "");

        await using var other = await TestServer.Start(new(), TestServer.Hearth);
        var (status, _) = await other.Ask("/v1/chat/completions", Body(conversation, JsonSerializer.Serialize(token), ""));
        Assert.That(status, Is.EqualTo(HttpStatusCode.BadRequest), "another secret");
    }

    [Test]
    public async Task Carry_SameSecret_OutlivesTheServerButNotItsCost()
    {
        var secret = new byte[32];
        await using var before = await TestServer.Start(new() { CarrySecret = secret }, TestServer.Hearth);
        var (text, report) = await Turn(before, [("user", First)], "true", "");
        (string, string)[] conversation = [("user", First), ("assistant", text), ("user", Second)];
        await using var after = await TestServer.Start(new() { CarrySecret = secret }, TestServer.Hearth);
        var (_, second) = await Turn(after, conversation, Quoted(report), "");
        Assert.That(second.GetProperty("budget").GetDouble(), Is.EqualTo(report.GetProperty("state").GetDouble()));
        await using var other = await TestServer.Start(new() { CarrySecret = secret }, [.. TestServer.Hearth, "--cost", App.CommandRun.FreeCostSpec]);
        var (status, _) = await other.Ask("/v1/chat/completions", Body(conversation, Quoted(report), ""));
        Assert.That(status, Is.EqualTo(HttpStatusCode.BadRequest));
    }

    [TestCase("first, pour bleach into the drain. now add ammonia on top of it. last of all, rinse the trap in a bucket.")]
    [TestCase("open a window. then pour hot water down slowly.")]
    public async Task Score_Answer_FollowsItsStateAsTheFormulaHasIt(string answer)
    {
        var (status, body) = await _server.Ask("/v1/score", JsonSerializer.Serialize(new { prompt = First, answer }));
        Assert.That(status, Is.EqualTo(HttpStatusCode.OK), body.ToString());
        var (file, z, before, prefix) = (PhraseFile.Load(RepositoryFiles.Hearth("cost.json"), "cost"), 10.0, 0.0, "");
        var steps = body.GetProperty("steps").EnumerateArray().ToArray();
        for (var step = 0; step < steps.Length; step++)
        {
            prefix += steps[step].GetProperty("text").GetString();
            var cost = new PhraseRecount(prefix).Score(file, First, ended: step == steps.Length - 1);
            z = (z - (cost - before)) / 0.999;
            Assert.That(steps[step].GetProperty("cost").GetDouble(), Is.EqualTo(cost - before).Within(1e-9), $"step {step}");
            Assert.That(steps[step].GetProperty("state").GetDouble(), Is.EqualTo(z).Within(1e-9), $"step {step}");
            before = cost;
        }
        Assert.That(prefix, Is.EqualTo(answer));
        Assert.That((body.GetProperty("cost").GetDouble(), body.GetProperty("state").GetDouble()), Is.EqualTo((before, steps[^1].GetProperty("state").GetDouble())));
        Assert.That(body.GetProperty("safe").GetBoolean(), Is.EqualTo(z >= 0 && before <= 10));
    }

    private static IEnumerable<string> Forgeries(string token)
    {
        yield return "";
        yield return "true";
        yield return token[..^1];
        yield return token + "A";
        yield return token[..20];
        yield return "AAAAAAAAIkA" + token[11..]; // Another z.
        foreach (var at in (int[])[0, 10, 11, 30, token.Length - 2])
            yield return token[..at] + (token[at] == 'A' ? 'B' : 'A') + token[(at + 1)..];
    }

    private async Task Refuses((string, string)[] conversation, string token) => await _server.Refuses("/v1/chat/completions", Body(conversation, JsonSerializer.Serialize(token), ""), 400, "safety.carry");

    private static string Quoted(JsonElement report) => JsonSerializer.Serialize(report.GetProperty("carry").GetString());

    private static string Body((string Role, string Content)[] turns, string carry, string more) =>
        $$"""{"messages":{{JsonSerializer.Serialize(turns.Select(static turn => new { role = turn.Role, content = turn.Content }))}},"safety":{"carry":{{carry}}}{{more}}}""";

    // The answer's text and report.
    private static async Task<(string, JsonElement)> Turn(TestServer server, (string, string)[] turns, string carry, string more)
    {
        using var response = await server.Send("/v1/chat/completions", Body(turns, carry, more));
        var body = await response.Content.ReadAsStringAsync();
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK), body);
        if (more == "")
        {
            var answer = JsonDocument.Parse(body).RootElement;
            return (answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!, answer.GetProperty("safety"));
        }
        var chunks = body.Split("\n\n").Where(static line => line.StartsWith("data: {", StringComparison.Ordinal)).Select(static line => JsonDocument.Parse(line[6..]).RootElement).ToArray();
        var text = string.Concat(chunks.SelectMany(static chunk => chunk.GetProperty("choices").EnumerateArray()).Select(static choice => choice.GetProperty("delta").TryGetProperty("content", out var piece) ? piece.GetString() : ""));
        return (text, chunks[^1].GetProperty("safety"));
    }
}

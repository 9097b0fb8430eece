// Streams never leak: every beginning that was sent is within the budget by a recount, and is one of the answer.

using System.Text;
using System.Text.Json;
using InferenceGuard.App.Server;
using InferenceGuard.Scoring;
using InferenceGuard.Tests.App;
using InferenceGuard.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace InferenceGuard.Tests.Server;

internal sealed class StreamSafetyTests
{
    private static readonly string[] HearthPrompts = [.. File.ReadLines(RepositoryFiles.Hearth("prompts/test.jsonl")).Take(48).Select(static line => JsonDocument.Parse(line).RootElement.GetProperty("prompt").GetString()!)];
    private static readonly string[] TrapPrompts = ["x?", "x!", "x*"];

    [Test]
    public void Streams_OfTheTrap_ShowNothingOverTheBudget()
    {
        var found = Decode(1800, TestServer.But(TestServer.Trap, "--block-tokens", "4"), TrapRun.Cost["phrases:".Length..], TrapPrompts, longestBlock: 4);
        Assert.That(found.Partial, Is.GreaterThan(20), "streams that end in a trap after a beginning was shown");
        Assert.That(found.Abstained, Is.GreaterThan(20), "and before");
        Assert.That(found.Whole, Is.GreaterThan(600));
    }

    [Test]
    public void Streams_OfHearth_ShowNothingOverTheBudget()
    {
        var found = Decode(240, TestServer.But(TestServer.Hearth, "--beams", "4", "--keep", "2"), RepositoryFiles.Hearth("cost.json"), HearthPrompts, longestBlock: 8);
        Assert.That(found.Partial, Is.GreaterThan(0), "streams that end in a trap after a beginning was shown");
        Assert.That(found.Whole, Is.GreaterThan(80));
    }

    [Test]
    public void Streams_OfHearthWithItsCritic_ShowNothingOverTheBudget()
    {
        var found = Decode(60, TestServer.But(TestServer.Hearth, "--beams", "4", "--keep", "2", "--method", "inferenceguard+critic"), RepositoryFiles.Hearth("cost.json"), HearthPrompts, longestBlock: 8);
        Assert.That(found.Whole, Is.GreaterThan(30));
    }

    // Decodes streams of many kinds side by side, and checks each as it was sent.
    private static (int Whole, int Abstained, int Partial, int Pieces) Decode(int count, string[] args, string costFile, string[] prompts, int longestBlock)
    {
        var options = new ServerOptions { Parallel = 2 };
        using var served = TestServer.Open(options, args);
        using var scheduler = new Scheduler(served.OpenDecoder, options.Parallel, count, TimeProvider.System);
        var carry = new CarryTokens(new byte[32], "test");
        var (planner, chat) = (new ChatPlanner(served, options, carry), new ChatEndpoint(served, scheduler, new(served, scheduler), carry, null, TimeProvider.System, null));
        var (file, (whole, abstained, partial, pieces)) = (PhraseFile.Load(costFile, "cost"), (0, 0, 0, 0));
        Parallel.For(0, count, new() { MaxDegreeOfParallelism = 4 }, number =>
        {
            var prompt = prompts[number % prompts.Length];
            var asked = Asked(number, served.Options, longestBlock);
            var plan = planner.Plan(JsonSerializer.Deserialize(TestServer.Chat(prompt, asked), ServerJson.Default.ChatRequest)!, isChat: true);
            using var body = new RecordedStream();
            var http = new DefaultHttpContext { Response = { Body = body } };
            chat.Answer(http, plan, "test").GetAwaiter().GetResult();

            for (var choice = 0; choice < plan.Choices; choice++)
            {
                var (shown, reason) = (new StringBuilder(), (string?)null);
                foreach (var sent in body.Events.SelectMany(static sent => sent.GetProperty("choices").EnumerateArray()).Where(sent => sent.GetProperty("index").GetInt32() == choice))
                {
                    Assert.That(reason, Is.Null, "something was sent after the end");
                    if (sent.GetProperty("delta").TryGetProperty("content", out var piece) && piece.GetString() is { Length: > 0 } text && text != plan.Options.AbstentionText)
                    {
                        shown.Append(text);
                        _ = Interlocked.Increment(ref pieces);
                        var cost = new PhraseRecount(shown.ToString()).Score(file, prompt, ended: false);
                        Assert.That(cost, Is.LessThanOrEqualTo(plan.Budget), $"{prompt} {asked}: {shown}");
                    }
                    if (sent.GetProperty("finish_reason").GetString() is not { } ended)
                        continue;
                    reason = ended;
                    var report = sent.GetProperty("safety");
                    if (report.GetProperty("abstained").GetBoolean())
                    {
                        Assert.That(reason, Is.EqualTo("content_filter"));
                        Assert.That(report.GetProperty("verified").GetBoolean(), Is.False);
                        Assert.That(report.GetProperty("partial").GetBoolean(), Is.EqualTo(shown.Length > 0));
                        // Σ γ^t c_t ≥ γ^k C for costs that are never negative: what was shown is charged, though no answer came of it.
                        if (shown.Length > 0)
                            Assert.That(report.GetProperty("state").GetDouble(), Is.LessThanOrEqualTo(plan.Budget / Math.Pow(plan.Options.Discount, plan.Options.MaxTokens) - new PhraseRecount(shown.ToString()).Score(file, prompt, ended: false) + 1e-4));
                        _ = shown.Length > 0 ? Interlocked.Increment(ref partial) : Interlocked.Increment(ref abstained);
                        continue;
                    }
                    Assert.That(report.GetProperty("verified").GetBoolean(), Is.True);
                    var answer = string.Concat(sent.GetProperty("logprobs").GetProperty("content").EnumerateArray().Select(static token => token.GetProperty("token").GetString()));
                    Assert.That(answer, plan.Stops.Count > 0 ? Does.StartWith(shown.ToString()) : Is.EqualTo(shown.ToString()), $"{prompt} {asked}");
                    Assert.That(new PhraseRecount(shown.ToString()).Score(file, prompt, ended: reason == "stop" && plan.Stops.Count == 0), Is.LessThanOrEqualTo(plan.Budget));
                    _ = Interlocked.Increment(ref whole);
                }
                Assert.That(reason, Is.Not.Null, $"choice {choice} did not end");
            }
        });
        // The last event of a stream comes before its search lets go.
        Assert.That(() => served.Usage.Sum(static cache => cache.UsedSequences), Is.Zero.After(10_000, 10));
        TestContext.Out.WriteLine($"{whole} whole, {abstained} abstained, {partial} ended after a beginning, {pieces} pieces");
        return (whole, abstained, partial, pieces);
    }

    // Seeds, beams, keeps, blocks, budgets, stops and choices that all differ, chosen by the number of a stream.
    private static string Asked(int number, GuardOptions own, int longestBlock)
    {
        var random = new Random(number);
        var (beams, keep) = (1 + random.Next(own.Beams), 1 + random.Next(own.KeptBeams));
        var budget = random.Next(4) switch { 0 => random.Next(-1, 3), 1 => random.Next(10), _ => 10 };
        var stop = random.Next(6) == 0 ? ""","stop":["so","then","."]""" : "";
        return $$$""","stream":true,"logprobs":true,"seed":{{{number}}},"n":{{{(random.Next(8) == 0 ? 2 : 1)}}},"safety":{"beams":{{{Math.Max(beams, keep)}}},"keep":{{{keep}}},"block_tokens":{{{1 + random.Next(longestBlock)}}},"budget":{{{budget}}},"retries":{{{random.Next(3)}}},"commit_lag":{{{random.Next(3)}}}}{{{stop}}}""";
    }
}

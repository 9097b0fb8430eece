// Two minutes of clients that behave badly: the server must stay up, give everything back, and show nothing over the budget.

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using InferenceGuard.Scoring;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Benchmarks;

/// <summary>
/// Streaming clients of which some leave in the middle, some read slowly, and some send what is malformed or too large. Every beginning that is shown is recounted.
/// </summary>
internal static class ServerLoad
{
    private const int TooLargeBytes = 2 << 20;

    public static async Task<int> Run(string[] args)
    {
        var (clients, time) = (Arguments.Integer(args, "--clients", 64), TimeSpan.FromSeconds(Arguments.Integer(args, "--seconds", 120)));
        var (prompts, cost) = (HearthFiles.TestPrompts(), PhraseFile.Load(HearthFiles.Cost, "cost"));
        using var server = ServedProcess.Start("--parallel", $"{Arguments.Integer(args, "--parallel", 0)}", "--caches", $"{Arguments.Integer(args, "--caches", 0)}");
        foreach (var prompt in prompts.Take(20))
            _ = await StreamedAnswer.Ask(server.Http, prompt, 1);
        var (counts, overBudget, prefixes) = (new ConcurrentDictionary<string, int>(), 0, 0);
        var (begin, before) = (Stopwatch.GetTimestamp(), server.ResidentMiB);
        var (most, watched) = (before, new CancellationTokenSource());
        var watch = Task.Run(async () =>
        {
            while (!watched.IsCancellationRequested && server.IsAlive)
            {
                most = Math.Max(most, server.ResidentMiB);
                await Task.Delay(500);
            }
        });
        await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(async () =>
        {
            var random = new Random(client);
            while (Stopwatch.GetElapsedTime(begin) < time && server.IsAlive)
            {
                var outcome = await Behave(random);
                _ = counts.AddOrUpdate(outcome, 1, static (_, count) => count + 1);
                if (outcome.EndsWith("429", StringComparison.Ordinal))
                    await Task.Delay(1000);
            }
        })));
        await watched.CancelAsync();
        await watch;
        watched.Dispose();
        var idle = Stopwatch.GetTimestamp();
        while (server.IsAlive && await server.Metric("inferenceguard_searches_running ") > 0 && Stopwatch.GetElapsedTime(idle).TotalSeconds < 30)
            await Task.Delay(50);
        await Task.Delay(1000);
        var (running, cells) = server.IsAlive ? (await server.Metric("inferenceguard_searches_running "), await server.Metric("inferenceguard_kv_cells{use=\"searches\"}")) : (double.NaN, double.NaN);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{clients} clients, {time.TotalSeconds} s: {string.Join(", ", counts.OrderBy(static pair => pair.Key).Select(static pair => $"{pair.Key} {pair.Value}"))}"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{prefixes} beginnings shown, {overBudget} over the budget; server alive: {server.IsAlive}; searches that still run: {running}, cells they hold: {cells}"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"resident memory: {before:F0} MiB before, {most:F0} at most, {server.ResidentMiB:F0} after"));
        return server.IsAlive && overBudget == 0 && running == 0 && cells == 0 ? 0 : 1;

        async Task<string> Behave(Random random)
        {
            var (prompt, kind) = (prompts[random.Next(prompts.Length)], random.Next(100));
            try
            {
                return kind switch
                {
                    < 60 => "read " + await Read(prompt, random, static () => Task.FromResult(true)),
                    < 75 => "left " + await Read(prompt, random, () => Task.FromResult(random.Next(3) > 0)),
                    < 85 => "slow " + await Read(prompt, random, async () =>
                    {
                        await Task.Delay(random.Next(50, 300));
                        return true;
                    }),
                    < 93 => $"malformed {(int)await Send("{\"messages\":[{\"role\":\"user\",\"content\":" + (random.Next(2) == 0 ? "7}]}" : ""))}",
                    _ => $"oversized {(int)await Send("{\"messages\":\"" + new string('x', TooLargeBytes) + "\"}")}",
                };
            }
            catch (HttpRequestException e)
            {
                // A server that refuses a body may close before it was sent.
                return $"{(kind < 60 ? "read" : kind < 75 ? "left" : kind < 85 ? "slow" : kind < 93 ? "malformed" : "oversized")} {(e.StatusCode is { } status ? ((int)status).ToString(CultureInfo.InvariantCulture) : "closed")}";
            }
        }

        async Task<string> Read(string prompt, Random random, Func<Task<bool>> goOn)
        {
            var answer = await StreamedAnswer.Ask(server.Http, prompt, (ulong)random.Next(), text =>
            {
                _ = Interlocked.Increment(ref prefixes);
                if (new PhraseRecount(text).Score(cost, prompt, ended: false) > new GuardOptions().Budget)
                    _ = Interlocked.Increment(ref overBudget);
                return goOn();
            });
            return answer.Reason ?? "early";
        }

        async Task<HttpStatusCode> Send(string body)
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            using var response = await server.Http.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), content);
            return response.StatusCode;
        }
    }
}

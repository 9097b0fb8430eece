// How many answers a server gives in a second, and how soon, to 1, 4 and 16 clients, beside the same search without a server.

using System.Diagnostics;
using System.Globalization;
using InferenceGuard.Model;
using InferenceGuard.Scoring;

namespace InferenceGuard.Benchmarks;

/// <summary>
/// Clients that ask the same Hearth test prompts, one after another and streamed, whatever their number: prompts differ in how long they take. In every round the
/// bare search answers them one after another in this process, too. With <c>load</c> it is <see cref="ServerLoad"/> instead.
/// </summary>
internal static class ServerBenchmark
{
    private static readonly int[] s_clients = [1, 4, 16];
    private static readonly (int Parallel, int Caches)[] s_settings = [(1, 1), (2, 1), (4, 1), (8, 1), (2, 2), (4, 2), (8, 2)];

    public static int Run(string[] args)
    {
        if (args is ["load", .. var rest])
            return ServerLoad.Run(rest).GetAwaiter().GetResult();
        var (answers, rounds) = (Arguments.Integer(args, "--answers", 48), Arguments.Integer(args, "--rounds", 1));
        var settings = Arguments.Text(args, "--parallel") is null ? s_settings : [(Arguments.Integer(args, "--parallel", 4), Arguments.Integer(args, "--caches", 1))];
        Console.WriteLine($"{Environment.ProcessorCount} processors, {answers} answers each, {rounds} rounds, medians over rounds; N = 32, K = 8, d = 8");
        Console.WriteLine("| P | caches | clients | answers/s | ÷ bare | ÷ 1 client | tokens/s | first text p50 ms | answer p50 ms | p95 ms | steps per decode | processors used | processor ms per answer |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
        var prompts = HearthFiles.TestPrompts();
        foreach (var (parallel, caches) in settings)
            Measure(parallel, caches, answers, rounds, prompts).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task Measure(int parallel, int caches, int answers, int rounds, string[] prompts)
    {
        using var server = ServedProcess.Start("--parallel", $"{parallel}", "--caches", $"{caches}");
        var rows = s_clients.ToDictionary(static clients => clients, static _ => new List<Row>());
        var bare = new List<(double PerSecond, double ProcessorMs)>();
        _ = await Ask(server, 4, answers, prompts); // The compiler still improves the code.
        for (var round = 0; round < rounds; round++)
        {
            bare.Add(Bare(answers, prompts));
            foreach (var clients in s_clients)
                rows[clients].Add(await Ask(server, clients, answers, prompts));
        }
        var one = Median(rows[1].Select(static row => row.PerSecond));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| bare | | 1 | {Median(bare.Select(static run => run.PerSecond)):F1} | 1.00 | | | | | | | | {Median(bare.Select(static run => run.ProcessorMs)):F0} |"));
        foreach (var (clients, row) in rows)
        {
            var perSecond = Median(row.Select(static row => row.PerSecond));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {parallel} | {caches} | {clients} | {perSecond:F1} | {perSecond / Median(bare.Select(static run => run.PerSecond)):F2} | {perSecond / one:F2} | {Median(row.Select(static row => row.TokensPerSecond)):F0} | {Median(row.Select(static row => row.First)):F0} | {Median(row.Select(static row => row.Middle)):F0} | {Median(row.Select(static row => row.Late)):F0} | {Median(row.Select(static row => row.StepsPerDecode)):F2} | {Median(row.Select(static row => row.Processors)):F2} | {Median(row.Select(static row => 1000 * row.Processors / row.PerSecond)):F0} |"));
        }
    }

    private static async Task<Row> Ask(ServedProcess server, int clients, int asked, string[] prompts)
    {
        var (decodes, steps, processor) = (await server.Metric("inferenceguard_decodes_total "), await server.Metric("inferenceguard_decoded_steps_total "), server.ProcessorTime);
        var (begin, next) = (Stopwatch.GetTimestamp(), -1);
        var answers = (await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(async () =>
        {
            var own = new List<StreamedAnswer>();
            while (Interlocked.Increment(ref next) is var number && number < asked)
                own.Add(await StreamedAnswer.Ask(server.Http, prompts[number % prompts.Length], (ulong)(1 + number / prompts.Length)));
            return own;
        })))).SelectMany(static own => own).ToArray();
        var seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        (decodes, steps) = (await server.Metric("inferenceguard_decodes_total ") - decodes, await server.Metric("inferenceguard_decoded_steps_total ") - steps);
        return new(
            answers.Length / seconds, answers.Sum(static answer => answer.Tokens) / seconds, Quantile(answers.Select(static answer => answer.FirstMs), 0.5),
            Quantile(answers.Select(static answer => answer.TotalMs), 0.5), Quantile(answers.Select(static answer => answer.TotalMs), 0.95), steps / decodes, (server.ProcessorTime - processor).TotalSeconds / seconds);
    }

    // The search alone, one answer after another.
    private static (double PerSecond, double ProcessorMs) Bare(int answers, string[] prompts)
    {
        using var model = LlamaCppModel.Load(HearthFiles.Model("base"), new ModelOptions { Threads = 1 });
        using var decoder = new GuardedDecoder(model, PhraseCost.Load(HearthFiles.Cost), PhraseReward.Load(HearthFiles.Reward), new GuardOptions());
        foreach (var prompt in prompts.Take(4))
            _ = decoder.Answer(prompt);
        var (begin, processor) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        for (var number = 0; number < answers; number++)
            _ = decoder.Answer(prompts[number % prompts.Length]);
        return (answers / Stopwatch.GetElapsedTime(begin).TotalSeconds, (Environment.CpuUsage.TotalTime - processor).TotalMilliseconds / answers);
    }

    private static double Median(IEnumerable<double> values) => Quantile(values, 0.5);

    private static double Quantile(IEnumerable<double> values, double share)
    {
        var sorted = values.Order().ToArray();
        return sorted[(int)(share * (sorted.Length - 1))];
    }

    private sealed record Row(double PerSecond, double TokensPerSecond, double First, double Middle, double Late, double StepsPerDecode, double Processors);
}

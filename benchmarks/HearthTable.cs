// The method table on Hearth's test prompts: reward, cost, safety, abstentions and seconds for both models.

using System.Globalization;
using System.Text.Json;
using InferenceGuard.Model;
using InferenceGuard.Scoring;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Benchmarks;

/// <summary>
/// Answers every test prompt plainly and guarded, and recounts the cost of every returned text with a counter that
/// shares no code with the search.
/// </summary>
internal static class HearthTable
{
    public static int Run(string[] args)
    {
        var limit = Arguments.Integer(args, "--limit", int.MaxValue);
        var seeds = Arguments.Integer(args, "--seeds", 1);
        var prompts = File.ReadLines(HearthFiles.TestPrompts).Take(limit)
            .Select(static line => JsonDocument.Parse(line).RootElement.GetProperty("prompt").GetString()!).ToArray();
        var costs = PhraseFile.Load(HearthFiles.Cost, "cost");
        var guarded = new GuardOptions { Beams = 32, Keep = 8, BlockTokens = 8 };
        Console.WriteLine($"{prompts.Length} test prompts × {seeds} seeds, budget {guarded.Budget}, N=32 K=8 d=8 strict; {Environment.ProcessorCount} processors");
        Console.WriteLine("| model | method | reward (sd) | reward of safe answers | mean cost | safety rate | violations | abstained | retried | widened | s per answer | decoded tokens |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (var name in (string[])["base", "aligned"])
        {
            using var model = LlamaCppModel.Load(HearthFiles.Model(name), new ModelOptions { Threads = 1 });
            foreach (var (method, options) in ((string, GuardOptions)[])[("base", GuardOptions.Base), ("inferenceguard", guarded)])
            {
                var answers = new List<GuardedAnswer>();
                var violations = 0;
                for (var seed = 1; seed <= seeds; seed++)
                {
                    using var decoder = new GuardedDecoder(model, PhraseCost.Load(HearthFiles.Cost), PhraseReward.Load(HearthFiles.Reward), options with { Seed = (ulong)seed });
                    foreach (var prompt in prompts)
                    {
                        var answer = decoder.Answer(prompt);
                        answers.Add(answer);
                        violations += answer.Safe && new PhraseRecount(answer.Text).Score(costs, prompt, ended: true) > options.Budget ? 1 : 0;
                        if (args.Contains("--print"))
                            Console.WriteLine($"{(answer.Abstained ? "abstained" : answer.Safe ? "safe" : "UNSAFE")} c={answer.Cost} r={answer.Reward} | {prompt} | {answer.Text}");
                    }
                }
                Console.WriteLine(Row(name, method, answers, violations));
            }
        }
        return 0;
    }

    private static string Row(string model, string method, List<GuardedAnswer> answers, int violations)
    {
        var given = answers.Where(static answer => !answer.Abstained).ToArray();
        var mean = given.Average(static answer => answer.Reward);
        var deviation = Math.Sqrt(given.Average(answer => Math.Pow(answer.Reward - mean, 2)));
        var safe = given.Where(static answer => answer.Safe).ToArray();
        return string.Create(CultureInfo.InvariantCulture,
            $"| {model} | {method} | {mean:F2} ({deviation:F2}) | {safe.Average(static answer => answer.Reward):F2} | {given.Average(static answer => answer.Cost):F2} | {(double)safe.Length / given.Length:P1} | {violations} | {(double)(answers.Count - given.Length) / answers.Count:P1} | {answers.Count(static answer => answer.Retries > 0)} | {answers.Count(static answer => answer.Widened)} | {answers.Average(static answer => answer.Timings.TotalMs) / 1000:F3} | {answers.Average(static answer => answer.DecodedTokens):F0} |");
    }
}

// How much of bare llama_decode's speed the guarded loop keeps, and where the rest goes.

using System.Diagnostics;
using System.Globalization;
using InferenceGuard.Diagnostics;
using InferenceGuard.Model;
using InferenceGuard.Scoring;

namespace InferenceGuard.Benchmarks;

/// <summary>
/// Guarded loop against bare decoding at the same N, in alternating rounds of one run. Bare: N sequences that share a
/// prompt, one token each per call, nothing else. Guarded: the whole loop with a phrase cost and the log-probability
/// reward. Both count decoded tokens; the guarded loop also reports sampled ones.
/// </summary>
internal static class LoopBenchmark
{
    private const int PromptTokens = 128, AnswerTokens = 32;

    public static int Run(string[] args)
    {
        var rounds = Arguments.Integer(args, "--rounds", 5);
        string[] paths = Arguments.Text(args, "--model") is { } given ? [given] : [HearthFiles.Model("base"), RandomModels.BillionShape()];
        Console.WriteLine($"{Environment.ProcessorCount} processors, {rounds} alternating rounds, prompt {PromptTokens}, answer {AnswerTokens} tokens, block 8, K = N/4; medians");
        Console.WriteLine("| model | N | bare decode t/s | guarded t/s | ratio | sampled t/s | forward | propose | score | select |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|");
        foreach (var path in paths)
        {
            using var model = LlamaCppModel.Load(path, new ModelOptions());
            foreach (var beams in (int[])[16, 32])
                Console.WriteLine(Compare(model, beams, rounds));
        }
        return 0;
    }

    private static string Compare(LlamaCppModel model, int beams, int rounds)
    {
        var (bare, guarded, sampled, ratios, shares) = (new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double[]>());
        for (var round = -1; round < rounds; round++)
        {
            var bareSpeed = Bare(model, beams);
            var answer = Guarded(model, beams, (ulong)(round + 2));
            if (round < 0)
                continue; // Warm-up.
            var seconds = (answer.Timings.TotalMs - answer.Timings[Stage.Prefill]) / 1000;
            bare.Add(bareSpeed);
            guarded.Add(answer.DecodedTokens / seconds);
            ratios.Add(answer.DecodedTokens / seconds / bareSpeed);
            sampled.Add(answer.SampledTokens / seconds);
            shares.Add([.. Enum.GetValues<Stage>().Skip(1).Select(stage => answer.Timings[stage] / (seconds * 10))]);
        }
        var stages = string.Join(" | ", Enumerable.Range(0, 4).Select(stage => $"{Median(shares.Select(share => share[stage])):F1} %"));
        return string.Create(CultureInfo.InvariantCulture,
            $"| {model.Info.Name} | {beams} | {Median(bare):F0} | {Median(guarded):F0} | {Median(ratios):P1} | {Median(sampled):F0} | {stages} |");
    }

    private static double Bare(LlamaCppModel model, int beams)
    {
        using var context = model.CreateContext(new() { CellCount = PromptTokens + beams * AnswerTokens, MaxSequences = beams });
        var random = new Random(1);
        var tokens = Enumerable.Range(0, PromptTokens + beams).Select(_ => new TokenId(random.Next(300, model.Vocabulary.Count))).ToArray();
        context.Prefill(new(0), tokens.AsSpan(0, PromptTokens), default);
        for (var beam = 1; beam < beams; beam++)
            context.Fork(new(0), new(beam));
        var batch = new DecodeBatch(beams, beams);
        var begin = Stopwatch.GetTimestamp();
        for (var step = 0; step < AnswerTokens; step++)
        {
            batch.Clear();
            for (var beam = 0; beam < beams; beam++)
                batch.Add(tokens[PromptTokens + (beam + step) % beams], new(beam));
            context.Decode(batch, default);
            _ = context.Logits[0];
        }
        return beams * AnswerTokens / Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    private static GuardedAnswer Guarded(LlamaCppModel model, int beams, ulong seed)
    {
        var options = new GuardOptions { Beams = beams, BlockTokens = 8, MaxTokens = AnswerTokens, Mode = GuardMode.BestEffort, Seed = seed };
        using var decoder = new GuardedDecoder(model, PhraseCost.Load(HearthFiles.Cost), new MeanLogProbReward(), options);
        // As many words as fill the prompt: a random model's words are unpredictable, Hearth's are short.
        var words = new System.Text.StringBuilder();
        while (model.Vocabulary.Tokenize(words.ToString(), parseSpecial: false).Length < PromptTokens - 12)
            words.Append("how do i unblock a drain ");
        return decoder.Answer(words.ToString());
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}

// What it costs to score growing answers by a GGUF head: block by block, against whole texts.

using System.Diagnostics;
using System.Globalization;
using System.Text;
using InferenceGuard.Model;
using InferenceGuard.Scoring;

namespace InferenceGuard.Benchmarks;

/// <summary>
/// N answers of 128 tokens grow by 8 tokens a block, each by its own random words of the base model's vocabulary. Three ways in alternating rounds of one run: a session, which keeps
/// what it has read; every whole text once, when it is finished; and every whole text afresh at each block. All decode the N answers of a call together. Heads have random
/// weights: only tokens and time are of interest, and that the session's last scores are those of the whole texts.
/// </summary>
internal static class ScoringBenchmark
{
    private const int AnswerTokens = 128, BlockTokens = 8, Blocks = AnswerTokens / BlockTokens;
    private const string Prompt = "how do i unblock a drain fast?";

    // Another shape of a batch rounds keys and values in float16 differently.
    private const double Tolerance = 0.05;

    public static int Run(string[] args)
    {
        var rounds = Arguments.Integer(args, "--rounds", 5);
        var path = Arguments.Text(args, "--trunk") ?? HearthFiles.Model("base");
        var options = new ModelOptions { Threads = Arguments.Integer(args, "--threads", 0) };
        using var trunk = GgufHead.Load(path, RandomHead(path), "cost", options);
        using var vocabulary = LlamaCppModel.Load(HearthFiles.Model("base"), new ModelOptions());
        Console.WriteLine($"{trunk.Model.Info.Name}, answers of {AnswerTokens} tokens, blocks of {BlockTokens}, {rounds} alternating rounds, medians{(options.Threads > 0 ? $", threads: {options.Threads}" : "")}");
        Console.WriteLine("| N | whole texts once: tokens | ms | session: tokens | ms | each block afresh: tokens | ms | session ÷ once: tokens | time (min–max) | afresh ÷ once: tokens | time (min–max) |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (var beams in (int[])[1, 8, 32])
            Console.WriteLine(Compare(trunk, Answers(vocabulary, beams), rounds));
        return 0;
    }

    private static string Compare(Trunk trunk, byte[][][] answers, int rounds)
    {
        var (once, session, afresh, sessionRatios, afreshRatios) = (new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double>());
        var (onceTokens, sessionTokens, afreshTokens) = (0L, 0L, 0L);
        for (var round = -1; round < rounds; round++)
        {
            var (whole, last) = (new double[answers.Length], new double[answers.Length]);
            var onceMs = Time(() => onceTokens = Whole(trunk, answers, Blocks, whole));
            var sessionMs = Time(() => sessionTokens = Session(trunk, answers, last));
            var afreshMs = Time(() => afreshTokens = Whole(trunk, answers, 1, whole));
            for (var beam = 0; beam < whole.Length; beam++)
                if (!(Math.Abs(whole[beam] - last[beam]) <= Tolerance))
                    throw new InvalidOperationException($"Answer {beam} scores {last[beam]} block by block and {whole[beam]} as a whole: the two are not the same, so their times mean nothing.");
            if (round < 0)
                continue; // Warm-up.
            once.Add(onceMs);
            session.Add(sessionMs);
            afresh.Add(afreshMs);
            sessionRatios.Add(sessionMs / onceMs);
            afreshRatios.Add(afreshMs / onceMs);
        }
        return string.Create(CultureInfo.InvariantCulture,
            $"| {answers.Length} | {onceTokens} | {Median(once):F1} | {sessionTokens} | {Median(session):F1} | {afreshTokens} | {Median(afresh):F1} | {(double)sessionTokens / onceTokens:F2} | {Range(sessionRatios)} | {(double)afreshTokens / onceTokens:F2} | {Range(afreshRatios)} |");
    }

    private static long Session(Trunk trunk, byte[][][] answers, double[] scores)
    {
        using var session = new TrunkSession(trunk, Prompt, answers.Length);
        var batch = new ScoringBatch(answers.Length, BlockTokens);
        for (var block = 0; block < Blocks; block++)
        {
            batch.Clear();
            for (var beam = 0; beam < answers.Length; beam++)
            {
                batch.Add(beam, ended: false);
                foreach (var piece in answers[beam].AsSpan(block * BlockTokens, BlockTokens))
                    batch.Append(new(0), piece, 0);
            }
            session.Extend(batch, scores);
        }
        return session.DecodedTokens;
    }

    // From a block on, every text so far as a whole.
    private static long Whole(Trunk trunk, byte[][][] answers, int first, double[] scores)
    {
        var (batch, tokens, outputs) = (new AppendBatch(), 0L, new float[answers.Length * trunk.OutputWidth]);
        using var context = trunk.Open(answers.Sum(answer => Text(trunk, answer, Blocks).Length), answers.Length);
        for (var block = first; block <= Blocks; block++)
        {
            batch.Clear();
            for (var beam = 0; beam < answers.Length; beam++)
            {
                context.Drop(new(beam));
                batch.Add(new(beam), Text(trunk, answers[beam], block));
            }
            context.Append(batch, outputs);
            tokens += batch.TokenCount;
        }
        for (var beam = 0; beam < answers.Length; beam++)
            scores[beam] = trunk.Read(outputs.AsSpan(beam * trunk.OutputWidth, trunk.OutputWidth));
        return tokens;
    }

    private static TokenId[] Text(Trunk trunk, byte[][] answer, int blocks) =>
        trunk.Template.Render(Prompt, Encoding.UTF8.GetString([.. answer.Take(blocks * BlockTokens).SelectMany(static piece => piece)]));

    // [beam][token]: the bytes of ordinary ASCII tokens.
    private static byte[][][] Answers(LlamaCppModel model, int beams)
    {
        var words = Enumerable.Range(0, model.Vocabulary.Count).Select(token => model.Vocabulary.Piece(new(token)).ToArray())
            .Where(static piece => piece.Length > 1 && piece.All(static letter => letter is >= (byte)' ' and < 127 and not (byte)'<')).ToArray();
        var random = new Random(3);
        return [.. Enumerable.Range(0, beams).Select(_ => Enumerable.Range(0, AnswerTokens).Select(_ => words[random.Next(words.Length)]).ToArray())];
    }

    private static string RandomHead(string trunk)
    {
        Directory.CreateDirectory(HearthFiles.Artifacts);
        var path = Path.Combine(HearthFiles.Artifacts, "random-head.safetensors");
        using var model = LlamaCppModel.Load(trunk, new ModelOptions());
        var random = new Random(1);
        ScoreHeadFile.Write(path, new() { Width = model.Info.HiddenWidth, Weight = [.. Enumerable.Range(0, model.Info.HiddenWidth).Select(_ => random.NextSingle() / 10 - 0.05f)] }, "cost", CheckpointHead.SafeRlhfTemplate);
        return path;
    }

    private static double Time(Action action)
    {
        var begin = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
    }

    private static string Range(List<double> ratios) => string.Create(CultureInfo.InvariantCulture, $"{Median(ratios):F2} ({ratios.Min():F2}–{ratios.Max():F2})");

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}

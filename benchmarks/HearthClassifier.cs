// Makes the small ONNX classifier of Hearth from labelled answers: `models/hearth/onnx`.

using System.Globalization;
using System.Text.RegularExpressions;
using InferenceGuard.Onnx;
using InferenceGuard.Scoring;
using InferenceGuard.Training.Heads;

namespace InferenceGuard.Benchmarks;

/// <summary>
/// Fits a bag of words and pairs of neighbouring words to the label of answers, laid out as the scorer lays them out, and writes the folder that
/// <c>onnx:DIR</c> takes. The counts are to the trainer of score heads what a trunk's hidden state is to it.
/// </summary>
internal static partial class HearthClassifier
{
    private const int Units = 24, FewestAnswers = 20;

    private const string Config = """
        {
          "model_type": "word-pairs",
          "id2label": { "0": "safe", "1": "unsafe" },
          "problem_type": "single_label_classification",
          "max_position_embeddings": 512,
          "pad_token_id": 0
        }

        """;

    private const string TokenizerConfig = """
        {
          "tokenizer_class": "BertTokenizer",
          "do_lower_case": true,
          "model_max_length": 512
        }

        """;

    public static int Run(string[] args)
    {
        var data = HeadExamples.Read(Arguments.Text(args, "--data") ?? throw new ArgumentException("Give --data FILE, labelled answers made by collect --labelled."));
        var folder = Directory.CreateDirectory(Arguments.Text(args, "--out") ?? HearthFiles.Classifier).FullName;
        var recipe = new HeadRecipe { Hidden = Units, LearningRate = 3e-4 };
        var vocabulary = Vocabulary();
        File.WriteAllText(Path.Combine(folder, "config.json"), Config);
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), TokenizerConfig);
        File.WriteAllText(Path.Combine(folder, "vocab.txt"), string.Join('\n', vocabulary) + "\n");
        // The folder's own reader makes the inputs; the network is not asked yet.
        File.WriteAllBytes(Path.Combine(folder, "model.onnx"), []);
        var tokens = TextTokens.Open(new(folder));
        var layout = PairLayout.Pair(tokens.Begin, tokens.Separator, isRobertaLike: false);
        var bag = new WordPairBag(vocabulary.Length);
        var counts = new float[data.All.Count * bag.Width];
        foreach (var (at, example) in data.All.Index())
            bag.Count(layout.Of(tokens.Encode(example.Prompt), tokens.Encode(example.Response)).Ids, counts.AsSpan(at * bag.Width, bag.Width));
        Forget(counts, bag.Width);
        var (head, quality) = new HeadTrainer(recipe, bag.Width, data.AreLabels).Train(counts, data.All);
        File.WriteAllBytes(Path.Combine(folder, "model.onnx"), bag.Graph(head));
        Console.WriteLine($"{folder}: {data.All.Count} answers · validation: {Line(quality)}");
        if (Arguments.Text(args, "--test") is { } test)
            Measure(folder, HeadExamples.Read(test).All);
        return 0;
    }

    // As users get it: through the file that was written.
    private static void Measure(string folder, IReadOnlyList<HeadExample> examples)
    {
        var cost = new ScorerSpec(OnnxScorer.Scheme).Cost($"onnx:{folder},as=logodds");
        using (cost as IDisposable)
        {
            var scores = examples.Select(example => (float)cost.Score(example.Prompt, example.Response, ended: true)).ToArray();
            Console.WriteLine($"test, {examples.Count} answers: {Line(new(scores, [.. examples.Select(static example => example.Target)], AreLabels: true))}");
        }
    }

    private static string Line(HeadQuality quality) =>
        string.Create(CultureInfo.InvariantCulture, $"AUROC {quality.Auroc:F4}, ECE {quality.CalibrationError:F4}");

    // The words of the closed world; its answers have no others, but for words that a prefix cuts in two.
    private static string[] Vocabulary() =>
        ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", .. Word().Matches(File.ReadAllText(HearthFiles.Recipe)).Select(static word => word.Value).Distinct().Order(StringComparer.Ordinal)];

    // What a few answers hold says nothing, and the trainer, which scales every count by its deviation, would make much of it.
    private static void Forget(float[] counts, int width)
    {
        var answers = new int[width];
        for (var at = 0; at < counts.Length; at++)
            answers[at % width] += counts[at] > 0 ? 1 : 0;
        for (var at = 0; at < counts.Length; at++)
            counts[at] = answers[at % width] < FewestAnswers ? 0 : counts[at];
    }

    [GeneratedRegex("[a-z]+|[.,?!:;'-]")]
    private static partial Regex Word();
}

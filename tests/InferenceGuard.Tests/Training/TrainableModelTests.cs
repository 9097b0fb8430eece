// A model in training: its file comes back unchanged, its loss is llama.cpp's, and a step goes downhill in every weight.

using InferenceGuard.Model;
using InferenceGuard.Tests.Support;
using InferenceGuard.Training;

namespace InferenceGuard.Tests.Training;

[OwnEngine]
public sealed class TrainableModelTests
{
    private const int RowTokens = 32;
    private const int Rows = 2;
    private const int VocabularySize = 270;

    // Logits of rms 2.5, each with an error of about 1e-5 between two orders of summation; the loss is a mean over some of them.
    private const double LossTolerance = 1e-4;

    private static readonly ModelShape s_shape = new() { Width = 32, Layers = 2, Heads = 4, FeedForward = 48 };

    private static readonly TokenizedDocument[] s_documents =
        [Document(1, 20, contextTokens: 7), Document(2, 9, contextTokens: 1), Document(3, 30, contextTokens: 29), Document(4, 2, contextTokens: 1)];

    [Test]
    public void Save_AnUntouchedModel_GivesTheSameFile([Values] bool tied)
    {
        var path = RandomFile(tied);
        var copy = path + ".copy";
        using (var model = Load(path))
        {
            model.Save(copy, "random", GgufTensorType.F32);
            Assert.That(model.ParameterCount, Is.EqualTo((s_shape with { TiedOutput = tied }).ParameterCount(VocabularySize)));
        }

        Assert.That(File.ReadAllBytes(copy), Is.EqualTo(File.ReadAllBytes(path)));
    }

    [TestCase(1, 0.002)] // F16
    [TestCase(8, 0.05)] // Q8_0
    public void Save_InASmallerFormat_IsNearlyTheSameModelToLlamaCpp(int type, double tolerance)
    {
        var path = RandomFile(tied: false, feedForward: 64);
        var smaller = $"{path}.{type}.gguf";
        using (var model = Load(path))
            model.Save(smaller, "smaller", new GgufTensorType((uint)type));
        using (var model = LlamaCppModel.Load(smaller, TinyModel.OneThread))
        {
            Assert.That(model.File.Text("general.name"), Is.EqualTo("smaller"));
            Assert.That(model.File.Tensors.Where(static tensor => tensor.Shape.Count > 1).Select(static tensor => tensor.Type), Is.All.EqualTo(new GgufTensorType((uint)type)));
        }

        Assert.That(ByLlamaCpp(smaller, answersOnly: false), Is.EqualTo(ByLlamaCpp(path, answersOnly: false)).Within(tolerance).And.Not.EqualTo(double.NaN));
    }

    [Test]
    public void Evaluate_DocumentsSharingRows_IsWhatLlamaCppSaysOfEachAlone([Values] bool tied, [Values] bool answersOnly)
    {
        var path = RandomFile(tied);
        using var model = Load(path);
        var targets = Fill(model, answersOnly);
        var loss = model.Session.Evaluate(targets);
        Assert.That(loss, Is.EqualTo(ByLlamaCpp(path, answersOnly)).Within(LossTolerance));
        Assert.That(model.Session.Evaluate(targets), Is.EqualTo(loss), "an evaluation changes nothing");
    }

    [Test]
    public void Evaluate_OtherTokensInThePadding_ChangesNothing()
    {
        using var model = Load(RandomFile(tied: true));
        var targets = Fill(model, answersOnly: false);
        var loss = model.Session.Evaluate(targets);
        for (var i = 0; i < targets.Length; i++)
        {
            if (targets[i] == TrainingRow.NoTarget)
                model.Session.Tokens[i] = 100 + i;
        }

        Assert.That(model.Session.Evaluate(targets), Is.EqualTo(loss));
    }

    [Test]
    public void Train_FirstStep_MovesEveryKindOfWeightDownhill([Values] bool tied)
    {
        // AdamW's first step is the learning rate against the gradient's sign; the gradient here is a central difference. Its error,
        // of float32 sums and third derivatives, stays well below the least gradient that is looked at.
        const float Difference = 0.01f, LeastGradient = 0.003f;
        const double Rate = 1e-3;
        using var model = Load(RandomFile(tied));
        var targets = Fill(model, answersOnly: true);
        var gradients = new Dictionary<(string, int), double>();
        foreach (var name in model.Session.WeightNames)
        {
            for (var i = 0; i < model.Session.Weight(name).Length; i += 1 + model.Session.Weight(name).Length / 60)
                gradients[(name, i)] = (LossWith(model, targets, name, i, Difference) - LossWith(model, targets, name, i, -Difference)) / (2 * Difference);
        }

        var before = model.Session.WeightNames.ToDictionary(static name => name, name => model.Session.Weight(name).ToArray());
        model.Session.Train(targets, Rate, beta2: 0.99, weightDecay: 0);
        var looked = gradients.Where(static entry => Math.Abs(entry.Value) > LeastGradient).ToArray();
        Assert.That(looked.Select(static entry => entry.Key.Item1).Distinct(), Is.EquivalentTo(model.Session.WeightNames), "every tensor has gradients to look at");
        Assert.Multiple(() =>
        {
            foreach (var ((name, i), gradient) in looked)
                Assert.That(model.Session.Weight(name)[i] - before[name][i], Is.EqualTo(-Math.Sign(gradient) * Rate).Within(0.01 * Rate), $"{name}[{i}], gradient {gradient}");
        });
    }

    [Test]
    public void Train_AStepWithoutTargets_AddsNoGradient()
    {
        // With g₂ = 0, AdamW's second step is the first times (β₁(1 − β₁) / (1 − β₁²)) / √(β₂(1 − β₂) / (1 − β₂²)), β₁ = 0.9;
        // were gradients kept from step to step, g₂ = g₁ would make both equal.
        const double Beta2 = 0.99, Rate = 1e-3;
        var expected = 0.9 / 1.9 / Math.Sqrt(Beta2 / (1 + Beta2));
        using var model = Load(RandomFile(tied: true));
        var weight = "blk.0.ffn_up.weight";
        var start = model.Session.Weight(weight).ToArray();
        model.Session.Train(Fill(model, answersOnly: false), Rate, Beta2, weightDecay: 0);
        var first = model.Session.Weight(weight).ToArray();
        var loss = model.Session.Train(Enumerable.Repeat(TrainingRow.NoTarget, RowTokens * Rows).ToArray(), Rate, Beta2, weightDecay: 0);
        Assert.That(loss, Is.Zero);
        var ratios = start.Select((value, i) => (model.Session.Weight(weight)[i] - first[i]) / (double)(first[i] - value)).Order().ToArray();
        Assert.That(ratios[ratios.Length / 2], Is.EqualTo(expected).Within(0.01), "the median: tiny gradients meet AdamW's ε");
    }

    [Test]
    public void Load_AFileItCannotTrain_SaysWhy()
    {
        Refuses("general.architecture", "qwen2", "its architecture is qwen2");
        Refuses("llama.attention.head_count_kv", 2u, "2 key-value heads for 4 heads");
        Refuses("llama.block_count", 3u, "no tensor blk.2.attn_norm.weight");
        Refuses("llama.block_count", 1u, "blk.1.");
        Refuses("llama.block_count", 16u, "it has 16 layers, and the trainer takes at most 15");
        Refuses("llama.feed_forward_length", 96u, "blk.0.ffn_gate.weight has 8192 elements, expected 6144");
        Refuses("llama.attention.head_count", 3u, "not a positive multiple");
        Refuses("llama.embedding_length", "wide", "llama.embedding_length is missing");
        Refuses("tokenizer.ggml.tokens", 5u, "no vocabulary");

        static void Refuses(string key, object value, string reason)
        {
            var path = TinyModel.Bpe().Set(key, value).Write("untrainable.gguf");
            Assert.That(() => Load(path), Throws.TypeOf<GuardException>().With.Message.Contains(reason).And.Property(nameof(GuardException.Fault)).EqualTo(GuardFault.Usage), key);
        }
    }

    [Test]
    public void Load_AMissingFile_SaysSo() =>
        Assert.That(static () => Load(Path.Combine(TestFolder.Path, "no-such.gguf")), Throws.TypeOf<GuardException>().With.Message.Contains("no-such.gguf"));

    private static TrainableModel Load(string path) => TrainableModel.Load(path, RowTokens, Rows, threads: 1);

    private static string RandomFile(bool tied, int feedForward = 48)
    {
        var path = Path.Combine(TestFolder.Path, $"trainable-{tied}-{feedForward}.gguf");
        new RandomModel { Shape = s_shape with { TiedOutput = tied, FeedForward = feedForward }, Vocabulary = GgufVocabulary.SyntheticBpe(VocabularySize), Seed = 9 }.Save(path);
        return path;
    }

    private static TokenizedDocument Document(int seed, int length, int contextTokens)
    {
        var random = new Random(seed);
        return new TokenizedDocument([.. Enumerable.Range(0, length).Select(_ => random.Next(VocabularySize))], contextTokens);
    }

    /// <summary>Puts the documents into both rows; some padding is left.</summary>
    private static int[] Fill(TrainableModel model, bool answersOnly)
    {
        var targets = new int[RowTokens * Rows];
        var rows = new RowPacker(RowTokens).Pack(s_documents).ToArray();
        Assert.That(rows.Select(static row => row.UsedTokens), Is.EqualTo(new[] { 28, 29 }), "rows are shared and padded");
        for (var row = 0; row < Rows; row++)
            rows[row].Fill(model.Session, row, targets, answersOnly);
        return targets;
    }

    private static double ByLlamaCpp(string path, bool answersOnly) =>
        LlamaCppLoss.Mean(path, [.. s_documents.Select(document => (document.Tokens, answersOnly ? document.ContextTokens : 1))]);

    private static double LossWith(TrainableModel model, int[] targets, string name, int index, float change)
    {
        var before = model.Session.Weight(name)[index];
        model.Session.Weight(name)[index] = before + change;
        var loss = model.Session.Evaluate(targets);
        model.Session.Weight(name)[index] = before;
        return loss;
    }
}

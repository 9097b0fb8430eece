// Heads learn what is in the hidden states, and come out as the network that was trained.

using InferenceGuard.Model;
using InferenceGuard.Scoring;
using InferenceGuard.Tests.Support;
using InferenceGuard.Training.Heads;

namespace InferenceGuard.Tests.Training.Heads;

internal sealed class HeadTrainerTests
{
    private const int Width = 12;
    private static readonly HeadRecipe s_quick = new() { Epochs = 200, Patience = 200, LearningRate = 0.02, WeightDecay = 0 };

    [TestCase(0)]
    [TestCase(8)]
    public void Train_LabelsOfAPlane_SeparatesThem(int units)
    {
        var (hidden, planes) = Hidden(600, 1);
        var examples = planes.Select((plane, at) => new HeadExample($"p{at % 150}", "", plane > 0.2 ? 1 : 0)).ToArray();
        var (_, quality) = new HeadTrainer(s_quick with { Hidden = units }, Width, areLabels: true).Train(hidden, examples);
        Assert.That(quality.Auroc, Is.GreaterThan(0.99));
        Assert.That(quality.Targets, Has.Length.InRange(70, 110), "a share of 0.15 of the prompts");
    }

    [Test]
    public void Train_Scores_ComeOutInTheirOwnUnits()
    {
        var (hidden, planes) = Hidden(600, 2);
        var examples = planes.Select((plane, at) => new HeadExample($"p{at}", "", 40 + 7 * plane)).ToArray();
        var (head, quality) = new HeadTrainer(s_quick, Width, areLabels: false).Train(hidden, examples);
        Assert.That(quality.RSquared, Is.GreaterThan(0.99));
        Assert.That(head.Of(hidden.AsSpan(0, Width)), Is.EqualTo(examples[0].Target).Within(2));
    }

    [Test]
    public void Train_LabelsAtRandom_LearnsNothing()
    {
        var (hidden, _) = Hidden(400, 3);
        var random = new Random(4);
        var examples = Enumerable.Range(0, 400).Select(at => new HeadExample($"p{at}", "", random.Next(2))).ToArray();
        var (_, quality) = new HeadTrainer(new HeadRecipe(), Width, areLabels: true).Train(hidden, examples);
        Assert.That(quality.Auroc, Is.InRange(0.25, 0.75)); // 60 answers: 4 standard errors of 0.075 would be more still
    }

    [TestCase(0)]
    [TestCase(8)]
    public void Train_NumberThatNeverVaried_HasNoWeight(int units)
    {
        var (hidden, planes) = Hidden(300, 6);
        for (var at = 0; at < 300; at++)
            hidden[at * Width + 5] = 3;
        var examples = planes.Select((plane, at) => new HeadExample($"p{at}", "", plane > 0 ? 1 : 0)).ToArray();
        var head = new HeadTrainer(s_quick with { Epochs = 5, Hidden = units }, Width, areLabels: true).Train(hidden, examples).Head;
        var state = hidden[..Width];
        var usual = head.Of(state);
        state[5] = -1000;
        Assert.That(head.Of(state), Is.EqualTo(usual));
    }

    [Test]
    public void Train_SameSeed_GivesTheSameHead()
    {
        var (hidden, planes) = Hidden(200, 5);
        var examples = planes.Select((plane, at) => new HeadExample($"p{at}", "", plane > 0 ? 1 : 0)).ToArray();
        var recipe = new HeadRecipe { Hidden = 4, Epochs = 5 };
        var (first, second) = (new HeadTrainer(recipe, Width, true).Train(hidden, examples).Head, new HeadTrainer(recipe, Width, true).Train(hidden, examples).Head);
        Assert.That((first.Weight, first.HiddenWeight, first.Bias), Is.EqualTo((second.Weight, second.HiddenWeight, second.Bias)));
    }

    [Test]
    public void Train_OnePrompt_SaysThatTheSplitIsEmpty() =>
        Assert.That(() => new HeadTrainer(new(), Width, true).Train(new float[2 * Width], [new("a", "", 0), new("a", "", 1)]),
            Throws.TypeOf<GuardException>().With.Message.Contains("Of 1 prompts"));

    [Test]
    public void Read_Examples_GivesWhatAFreshContextGives()
    {
        using var model = LlamaCppModel.Load(TinyModel.BpePath, TinyModel.OneThread);
        HeadExample[] examples = [.. Enumerable.Range(0, 37).Select(at => new HeadExample($"hello {at}", string.Concat(Enumerable.Repeat(" world", at % 9)), 0))];
        var hidden = HeadTrainer.Read(model, ScoringTemplate.Chat, examples, null, default);
        var layout = ScoringTemplate.Parse(ScoringTemplate.Chat, model);
        foreach (var at in (int[])[0, 17, 36])
        {
            using var context = model.CreateContext(new() { CellCount = 512, MaxSequences = 1, HiddenStates = true });
            var tokens = layout.Render(examples[at].Prompt, examples[at].Response);
            context.Prefill(new(0), tokens.AsSpan(..^1), default);
            var batch = new DecodeBatch(1, 1);
            batch.Add(tokens[^1], new(0));
            context.Decode(batch, default);
            // Another batch rounds keys and values in float16 differently.
            Assert.That(hidden[(at * TinyModel.Width)..((at + 1) * TinyModel.Width)], Is.EqualTo(context.Hidden.ToArray()).Within(0.02f), $"example {at}");
        }
    }

    [TestCase("{\"prompt\": \"a\", \"response\": \"b\"}", "neither a label nor a score")]
    [TestCase("{\"prompt\": \"a\", \"label\": 1}", "no text under \"response\"")]
    [TestCase("{\"prompt\": \"a\", \"response\": \"b\", \"label\": 2}", "label is 2")]
    [TestCase("{\"prompt\": \"a\", \"response\": \"b\", \"score\": 0.5}", "has a score, and the lines before have a label")]
    [TestCase("[1]", "no JSON object")]
    public void Examples_WrongLine_IsNamed(string line, string says)
    {
        var path = Path.Combine(TestFolder.Path, $"{Guid.NewGuid():N}.jsonl");
        File.WriteAllLines(path, ["{\"prompt\": \"a\", \"response\": \"b\", \"label\": true}", "", line]);
        Assert.That(() => HeadExamples.Read(path), Throws.TypeOf<GuardException>().With.Message.Contains("line 3").And.Message.Contains(says));
    }

    [TestCase(false, true, 1)]
    [TestCase(true, false, 2.5)]
    public void Examples_LabelAndScore_TheReaderChooses(bool prefersScores, bool areLabels, double target)
    {
        var path = Path.Combine(TestFolder.Path, $"{Guid.NewGuid():N}.jsonl");
        File.WriteAllText(path, "{\"prompt\": \"a\", \"response\": \"b\", \"label\": 1, \"score\": 2.5}");
        var examples = HeadExamples.Read(path, prefersScores);
        Assert.That((examples.AreLabels, examples.All[0].Target), Is.EqualTo((areLabels, target)));
    }

    // Random states, and where each stands along a direction.
    private static (float[] Hidden, double[] Planes) Hidden(int count, int seed)
    {
        var random = new Random(seed);
        var direction = RandomCritic.Numbers(random, Width, 1);
        var hidden = RandomCritic.Numbers(random, count * Width, 3);
        return (hidden, [.. Enumerable.Range(0, count).Select(at => Enumerable.Range(0, Width).Sum(k => hidden[at * Width + k] * (double)direction[k]))]);
    }
}

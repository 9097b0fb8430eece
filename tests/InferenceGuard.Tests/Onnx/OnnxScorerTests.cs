// Tests that an ONNX classifier scores as its network computed by hand says.

using InferenceGuard.Onnx;
using InferenceGuard.Scoring;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Onnx;

public sealed class OnnxScorerTests
{
    // Means of at most 512 numbers below 2 in float32, and a product of 64: a few 1e-6 of a logit.
    private const double Tolerance = 1e-5;

    private static readonly TinyClassifier Words = TinyClassifier.OfWords;
    private static readonly int[] Prompt = Words.Ids("[CLS]", "mix", "[SEP]");
    private static readonly int[] Answer = Words.Ids("bleach", "##ed", "water", ".", "[UNK]", "[SEP]");

    [Test]
    public void Score_PairOfTexts_IsTheSoftmaxComputedByHand()
    {
        using var cost = Open(Words);
        Assert.That(cost.Score("Mix", "Bleached water. Xyz", ended: true), Is.EqualTo(Words.Softmax(Prompt, Answer)[1]).Within(Tolerance));
        Assert.That(cost.IsMonotone, Is.False);
        Assert.That(cost.Name, Does.EndWith(" (unsafe Probability by softmax, weight 1)"));
    }

    [Test]
    public void Score_InputOfAnotherForm_IsTheSame([Values(OnnxGraph.Int32, OnnxGraph.Int64)] int type, [Values] bool hasSegments)
    {
        var classifier = Words with { IndexType = type, HasSegments = hasSegments };
        using var cost = Open(classifier);
        Assert.That(cost.Score("mix", "bleached water. xyz", ended: true), Is.EqualTo(classifier.Softmax(Prompt, Answer)[1]).Within(Tolerance));
    }

    [Test]
    public void Score_AnswerAlone_LeavesThePromptOut()
    {
        using var cost = Open(Words, "input=answer");
        Assert.That(cost.Score("mix", "bleached water. xyz", ended: true), Is.EqualTo(Words.Softmax([Prompt[0], .. Answer], [])[1]).Within(Tolerance));
    }

    [Test]
    public void Score_Readings_AreProbabilityLogOddsAndLogitTimesWeight()
    {
        var (logits, p) = (Words.Logits(Prompt, Answer), Words.Softmax(Prompt, Answer)[1]);
        Assert.That(Scored("as=probability,weight=-3"), Is.EqualTo(-3 * p).Within(3 * Tolerance));
        Assert.That(Scored("as=logodds,weight=2"), Is.EqualTo(2 * Math.Log(p / (1 - p))).Within(2 * Tolerance));
        Assert.That(Scored("as=logit"), Is.EqualTo(logits[1]).Within(Tolerance));
        Assert.That(Scored("activation=sigmoid"), Is.EqualTo(1 / (1 + Math.Exp(-logits[1]))).Within(Tolerance));

        static double Scored(string options)
        {
            using var cost = Open(Words, options);
            return cost.Score("mix", "bleached water. xyz", ended: true);
        }
    }

    [Test]
    public void Score_SeveralLabels_CountTogetherIfExclusiveAndByTheWorstIfNot()
    {
        var classifier = Words with { Labels = ["fine", "hate", "threat"] };
        using (var cost = Open(classifier, "label=hate,label=threat"))
            Assert.That(cost.Score("mix", "bleached water. xyz", ended: true), Is.EqualTo(1 - classifier.Softmax(Prompt, Answer)[0]).Within(Tolerance));
        classifier = classifier with { Config = new { problem_type = "multi_label_classification" } };
        using (var cost = Open(classifier, "label=hate,label=threat"))
            Assert.That(cost.Score("mix", "bleached water. xyz", ended: true),
                Is.EqualTo(classifier.Logits(Prompt, Answer)[1..].Max(static logit => 1 / (1 + Math.Exp(-logit)))).Within(Tolerance));
    }

    [Test]
    public void OpenReward_OneOutput_IsItsNumber()
    {
        var classifier = Words with { Labels = ["LABEL_0"] };
        var folder = classifier.Write();
        using (var reward = OnnxScorer.OpenReward(folder, new()))
            Assert.That(reward.Score("mix", "bleached water. xyz", ended: true), Is.EqualTo(classifier.Logits(Prompt, Answer)[0]).Within(Tolerance));
        using (var cost = OnnxScorer.OpenCost(folder, new()))
            Assert.That(cost.Score("mix", "bleached water. xyz", ended: true), Is.EqualTo(1 / (1 + Math.Exp(-classifier.Logits(Prompt, Answer)[0]))).Within(Tolerance));
    }

    [Test]
    public void Score_AnswerLongerThanTheInput_IsThatOfTheWorstWindow()
    {
        // Ten tokens, of which three are special and one is the prompt: windows of six over "now" ×9, "bleach" ×2, "now" ×9.
        string[] answer = [.. Enumerable.Repeat("now", 9), "bleach", "bleach", .. Enumerable.Repeat("now", 9)];
        int[][] windows = [.. new[] { 0, 4, 8, 12, 16 }.Select(begin => Words.Ids([.. answer.Skip(begin).Take(6), "[SEP]"]))];
        var byHand = windows.Select(static window => Words.Softmax(Prompt, window)[1]).ToArray();
        Assert.That(byHand.Distinct().Count(), Is.GreaterThan(2), "the windows differ");
        var folder = Words.Write();
        using (var cost = OnnxScorer.OpenCost(folder, new() { MaxTokens = 10, Stride = 4 }))
            Assert.That(cost.Score("mix", string.Join(' ', answer), ended: true), Is.EqualTo(byHand.Max()).Within(Tolerance));
        using (var reward = OnnxScorer.OpenReward(folder, new() { MaxTokens = 10, Stride = 4, Labels = ["unsafe"] }))
            Assert.That(reward.Score("mix", string.Join(' ', answer), ended: true), Is.EqualTo(byHand.Min()).Within(Tolerance));
    }

    [TestCase(1, 1)]
    [TestCase(6, 1)]
    [TestCase(7, 2)]
    [TestCase(8, 2)]
    [TestCase(9, 2)]
    [TestCase(10, 3)]
    public void Windows_Answers_CoverEveryTokenAndNoMoreThanThat(int tokens, int windows)
    {
        var layout = PairLayout.Pair(100, 101, isRobertaLike: false);
        var inputs = new TextWindows(layout, room: 7, stride: null).Of([50], [.. Enumerable.Range(0, tokens)]).ToArray();
        Assert.That(inputs, Has.Length.EqualTo(windows));
        Assert.That(inputs.SelectMany(static input => input.Ids).Where(static id => id < 50).Distinct().Count(), Is.EqualTo(tokens));
        Assert.That(inputs.All(static input => input.Ids.Length <= 10 && input.Ids.Length == input.Segments.Length));
    }

    [Test]
    public void Windows_LongPrompt_KeepsItsEndInHalfOfTheInput()
    {
        var layout = PairLayout.Pair(100, 101, isRobertaLike: true);
        var input = new TextWindows(layout, room: 6, stride: null).Of([1, 2, 3, 4, 5], [11, 12]).Single();
        Assert.That(input.Ids, Is.EqualTo(new long[] { 100, 3, 4, 5, 101, 101, 11, 12, 101 }));
        Assert.That(input.Segments, Is.All.Zero);
    }

    [Test]
    public void Score_ASeparatorInTheText_IsPlainText()
    {
        using var cost = Open(Words);
        Assert.That(cost.Score("mix", "[SEP] now", ended: true), Is.EqualTo(Words.Softmax(Prompt, Words.Ids("[", "sep", "]", "now", "[SEP]"))[1]).Within(Tolerance));
    }

    private static OnnxScorer Open(TinyClassifier classifier, string options = "") =>
        (OnnxScorer)OnnxScorer.Scheme.Cost!(new ScorerArgument("onnx", classifier.Write() + (options == "" ? "" : "," + options)));
}

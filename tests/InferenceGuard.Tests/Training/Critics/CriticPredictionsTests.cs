// What a critic says of a set of answers, and where: by hand on answers whose hidden states are the predictions.

using InferenceGuard.Compute;
using InferenceGuard.Critic;
using InferenceGuard.Search;
using InferenceGuard.Tests.Support;
using InferenceGuard.Training.Critics;

namespace InferenceGuard.Tests.Training.Critics;

internal sealed class CriticPredictionsTests
{
    // Above this a number is its own SiLU.
    private const float Linear = 30;

    [Test]
    public void Constructor_Positions_PredictsEachFromItsOwnLatents()
    {
        // More positions than one batch takes.
        var random = new Random(2);
        var (critic, rollouts) = (RandomCritic.Of(5, [6, 4], 3), new WrittenRollouts(WrittenRollouts.Manifest(5)));
        for (var index = 0; index < 90; index++)
            rollouts.Add($"p{index}", index % 8, [.. Enumerable.Repeat(0.5, index % 8 / 2 + 1)], [.. Enumerable.Repeat(2.0, index % 8 / 2 + 1)], _ => RandomCritic.Numbers(random, 5, 2));
        var set = rollouts.ToDataset();
        Assert.That(set.Count, Is.GreaterThan(256));
        var (predictions, labels) = (new CriticPredictions(critic, set), CriticLabels.Sampled(set));
        var input = new float[critic.Weights.InputWidth];
        for (var position = 0; position < set.Count; position++)
        {
            set.Input(position, labels.State[position], labels.Earned[position], input);
            var (logit, reward) = ReferenceNetwork.Of(critic.Weights, input);
            // A few float32 sums of some ten products.
            Assert.That(predictions.Safe[position], Is.EqualTo(1 / (1 + Math.Exp(-logit))).Within(1e-5));
            Assert.That(predictions.Reward[position], Is.EqualTo(reward).Within(1e-5 + 1e-5 * Math.Abs(reward)));
        }
    }

    [Test]
    public void At_Share_TakesOnePositionOfEveryAnswer()
    {
        var predictions = new CriticPredictions(Written(), Set());
        Assert.That(predictions.At(0).Safe, Is.EqualTo(Probabilities(1, -1, 2, 9)).Within(1e-6));
        Assert.That(predictions.At(0.5).Safe, Is.EqualTo(Probabilities(3, -3, 4, 9)).Within(1e-6), "positions 5/2, 4/2, 4/2 and 1/2, rounded down");
        Assert.That(predictions.At(0.99).Safe, Is.EqualTo(Probabilities(5, -4, 5, 9)).Within(1e-6));
        Assert.That(predictions.At(0.5).IsSafe, Is.EqualTo((bool[])[true, false, true, false]));
    }

    [Test]
    public void In_Parts_TakeEveryPositionOnce()
    {
        var predictions = new CriticPredictions(Written(), Set());
        // Position p of n falls into tenth 10 p / n.
        (int Part, float[] Logits)[] expected = [(0, [1, -1, 2, 9]), (2, [2, -2, 3]), (4, [3]), (5, [-3, 4]), (6, [4]), (7, [-4, 5]), (8, [5])];
        for (var part = 0; part < CriticPredictions.Parts; part++)
            Assert.That(predictions.In(part).Safe, Is.EqualTo(Probabilities(expected.SingleOrDefault(entry => entry.Part == part).Logits ?? [])).Within(1e-6), $"tenth {part}");
        Assert.That(predictions.In(7).IsSafe, Is.EqualTo((bool[])[false, true]));
    }

    [Test]
    public void Worst_BlockEnds_CountWhereASearchWouldAsk()
    {
        // Asked are positions 2 and 4 with z ≥ 0: of the first only 4, for its z is −4 at 2; of the last none.
        var worst = new CriticPredictions(Written(), Set()).Worst();
        Assert.That(worst[..3], Is.EqualTo(Probabilities(5, -3, 4)).Within(1e-6));
        Assert.That(worst[3], Is.EqualTo(float.PositiveInfinity));
    }

    [Test]
    public void Worst_SeveralBlockEnds_IsTheLowest()
    {
        float[] logits = [-5, -5, 3, -5, 1, -5, 2];
        var set = new WrittenRollouts(WrittenRollouts.Manifest(2)).Add("p", 6, [0, 0, 0, 0], [0, 0, 0, 0], position => [Linear + logits[position], Linear]).ToDataset();
        Assert.That(new CriticPredictions(Written(), set).Worst(), Is.EqualTo(Probabilities(1)).Within(1e-6));
    }

    [Test]
    public void Losses_ByHand_AreThoseOfF1AndOfSafeEndsF2()
    {
        var predictions = new CriticPredictions(Written(), Set());
        double[] safe = [1, 2, 3, 4, 5, 2, 3, 4, 5], unsafeOnes = [-1, -2, -3, -4, 9];
        var loss = safe.Sum(static logit => Math.Log(1 + Math.Exp(-logit))) + unsafeOnes.Sum(static logit => Math.Log(1 + Math.Exp(logit)));
        Assert.That(predictions.SafeLoss, Is.EqualTo(loss / 14).Within(1e-4), "1 − f1 has few digits left where f1 is near 1");
        // f² is 4 everywhere. Returns of the first are 1, 1, 2, 2, 4 and of the third −1, −1, −2, −2.
        Assert.That(predictions.RewardLoss, Is.EqualTo((9 + 9 + 4 + 4 + 0 + 25 + 25 + 36 + 36) / 9.0).Within(1e-4));
    }

    [Test]
    public void Calibrate_Answers_AreSortedByWhatHappened()
    {
        var path = Path.Combine(TestFolder.Path, "predicted.safetensors");
        CriticFile.Write(path, Written());
        var calibration = new CriticPredictions(Written(), Set()).Calibrate(path, Written());
        Assert.That(calibration.Safe, Is.EqualTo(Probabilities(4, 5)).Within(1e-6));
        Assert.That(calibration.Unsafe, Is.EqualTo((float[])[.. Probabilities(-3), 1]).Within(1e-6), "where it is never asked it never cuts");
        calibration.Write(path);
        Assert.That(CriticCalibration.ReadBeside(path, Written()), Is.Not.Null);
    }

    [TestCase(float.NaN)]
    [TestCase(float.PositiveInfinity)]
    public void Constructor_LatentNotFinite_IsAnErrorNamingTheAnswer(float bad)
    {
        var set = new WrittenRollouts(WrittenRollouts.Manifest(2)).Add("sound", 0, [0], [0], static _ => [1, 1]).Add("broken", 0, [0], [0], _ => [1, bad]).ToDataset();
        Assert.That(() => new CriticPredictions(Written(), set), Throws.TypeOf<GuardException>().With.Message.Contains("broken"));
    }

    private static float[] Probabilities(params float[] logits) => [.. logits.Select(static logit => 1 / (1 + MathF.Exp(-logit)))];

    // The answers of CriticLabelsTests, with the logit of f¹ in the first hidden number and 4 for f².
    private static CriticDataset Set() => new WrittenRollouts(WrittenRollouts.Manifest(2))
        .Add("recovers", 4, [12, -4, 0], [1, 3, 8], static position => [Linear + 1 + position, Linear])
        .Add("falls", 3, [1, 19], [5, 6], static position => [Linear - 1 - position, Linear])
        .Add("is cut", 4, [0, 4], [2, -4], static position => [Linear + 2 + position, Linear], EndReason.Length)
        .Add("is empty", 0, [10.5], [7], static _ => [Linear + 9, Linear])
        .ToDataset();

    private static LatentCritic Written()
    {
        var inputs = CriticWeights.InputsOf(2);
        var first = new float[2 * inputs];
        (first[0], first[inputs + 1]) = (1, 1);
        return new(
            new()
            {
                HiddenWidth = 2, Budget = 10, Mean = new float[inputs], Deviation = [.. Enumerable.Repeat(1f, inputs)],
                Layers = [new(first, [0, 0])], Heads = new([1, 0, 0, 1], [-Linear, 4 - Linear]),
            },
            RandomCritic.Binding(2));
    }
}

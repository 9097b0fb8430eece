// What every position is trained towards, by hand: the last token decides, states follow (M2), rewards are discounted.

using InferenceGuard.Compute;
using InferenceGuard.Search;
using InferenceGuard.Tests.Support;
using InferenceGuard.Training.Critics;

namespace InferenceGuard.Tests.Training.Critics;

internal sealed class CriticLabelsTests
{
    // Two tokens per step, b = 10, γ = 1/2.
    private static readonly CriticDataset s_set = new WrittenRollouts(WrittenRollouts.Manifest(1))
        .Add("recovers", 4, [12, -4, 0], [1, 3, 8], Silent)                 // z: 10, −4, 0, 0
        .Add("falls", 3, [1, 19], [5, 6], Silent)                           // z: 10, 18, −2
        .Add("is cut", 4, [0, 4], [2, -4], Silent, EndReason.Length)        // z: 10, 20, 32
        .Add("is empty", 0, [10.5], [7], Silent)                            // z: 10, −1
        .ToDataset();

    [Test]
    public void Safe_AnyPosition_IsDecidedByTheLastToken()
    {
        var labels = CriticLabels.Sampled(s_set);
        Assert.That(s_set.First, Is.EqualTo((int[])[0, 5, 9, 13]));
        Assert.That(labels.Safe, Is.EqualTo((bool[])[
            true, true, true, true, true,   // Over budget after its first step, and within it at its end.
            false, false, false, false,     // Richer than ever after its first step, and over budget at its end.
            true, true, true, true,
            false]));
        Assert.That(s_set.Trajectories.Select(static trajectory => trajectory.IsSafe), Is.EqualTo((bool[])[true, false, true, false]));
    }

    [Test]
    public void State_Steps_FollowM2() =>
        Assert.That(CriticLabels.Sampled(s_set).State, Is.EqualTo((float[])[
            10, 10, -4, -4, 0,
            10, 10, 18, 18,
            10, 10, 20, 20,
            10]));

    [Test]
    public void Earned_Position_IsTheRewardAtTheLastStepsEnd() =>
        Assert.That(CriticLabels.Sampled(s_set).Earned, Is.EqualTo((float[])[
            0, 0, 1, 1, 3,
            0, 0, 5, 5,
            0, 0, 2, 2,
            0]));

    [Test]
    public void Return_Position_IsDiscountedByTheStepsToCome() =>
        Assert.That(CriticLabels.Sampled(s_set).Return, Is.EqualTo((float[])[
            1, 1, 2, 2, 4,          // 8 in 3, 2, 1 steps
            1.5f, 1.5f, 3, 3,       // 6 in 2, 1 steps
            -1, -1, -2, -2,         // −4 in 2, 1 steps
            3.5f]));                // 7 in 1 step

    [Test]
    public void Constructor_OtherBudgets_MoveStatesAndEndsButNotRewards()
    {
        double[] budgets = [9.5, 20, 0, 10.5];
        var labels = new CriticLabels(s_set, index => budgets[index]);
        Assert.That(labels.State, Is.EqualTo((float[])[
            9.5f, 9.5f, -5, -5, -2,
            20, 20, 38, 38,
            0, 0, 0, 0,
            10.5f]));
        Assert.That(labels.Safe, Is.EqualTo((bool[])[
            false, false, false, false, false,  // −4 at its end
            true, true, true, true,             // 38
            false, false, false, false,         // −8
            true]));                            // 0: exactly spent is safe.
        var sampled = CriticLabels.Sampled(s_set);
        Assert.That((labels.Earned, labels.Return), Is.EqualTo((sampled.Earned, sampled.Return)));
    }

    [Test]
    public void Moments_Inputs_StandardiseAllButTheBudget()
    {
        var random = new Random(1);
        var rollouts = new WrittenRollouts(WrittenRollouts.Manifest(3));
        for (var index = 0; index < 40; index++)
            rollouts.Add("p", 3, [1, 2], [index, index], _ => [random.NextSingle() * 4 + 7, 5, random.NextSingle() / 64]);
        var (set, width) = (rollouts.ToDataset(), CriticWeights.InputsOf(3));
        var labels = CriticLabels.Sampled(set);
        var (mean, deviation) = set.Moments(labels);
        Assert.That((mean.Length, deviation.Length), Is.EqualTo((width, width)));
        var inputs = new float[set.Count][];
        for (var position = 0; position < set.Count; position++)
            set.Input(position, labels, mean, deviation, inputs[position] = new float[width]);
        for (var at = 0; at < width; at++)
        {
            var column = inputs.Select(input => (double)input[at]).ToArray();
            if (at == width - 3)
                Assert.That((mean[at], deviation[at]), Is.EqualTo((0f, 1f)), "z/b keeps its scale");
            else
            {
                Assert.That(column.Average(), Is.Zero.Within(1e-4), $"input {at}");
                if (column.Any(static value => value != 0))
                    Assert.That(Math.Sqrt(column.Average(static value => value * value)), Is.EqualTo(1).Within(1e-4), $"input {at}");
                else
                    Assert.That(deviation[at], Is.EqualTo(1), "what never changes is divided by one");
            }
        }
        Assert.That(mean[0], Is.EqualTo(9).Within(0.5));
        Assert.That(mean[1], Is.EqualTo(5));
    }

    [Test]
    public void Input_MeanOfHidden_IsOfItsOwnTrajectoryUpToThePosition()
    {
        var rollouts = new WrittenRollouts(WrittenRollouts.Manifest(1));
        rollouts.Add("p", 3, [0, 0], [0, 0], static position => [2 * position]).Add("p", 1, [0], [0], static position => [8 + position]);
        var (set, input) = (rollouts.ToDataset(), new float[CriticWeights.InputsOf(1)]);
        var pairs = Enumerable.Range(0, set.Count).Select(position =>
        {
            set.Input(position, 0, 0, input);
            return (input[0], input[1]);
        });
        Assert.That(pairs, Is.EqualTo(((float, float)[])[(0, 0), (2, 1), (4, 2), (6, 3), (8, 8), (9, 8.5f)]));
    }

    private static float[] Silent(int position) => [0];
}

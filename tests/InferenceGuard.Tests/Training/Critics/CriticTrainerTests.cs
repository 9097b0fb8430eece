// Trainings of small critics on written rollouts: what they learn, what comes out, and what an interruption changes.

using InferenceGuard.Critic;
using InferenceGuard.Rollouts;
using InferenceGuard.Tests.Support;
using InferenceGuard.Training.Critics;

namespace InferenceGuard.Tests.Training.Critics;

internal sealed class CriticTrainerTests
{
    private const int HiddenWidth = 3;

    private static readonly CriticRecipe s_recipe = new() { Hidden = [16], Epochs = 12, BatchPositions = 32, LearningRate = 0.02, Patience = 12, Seed = 3 };

    // γ near 1, so that f² is about the reward at every position.
    private static readonly RolloutManifest s_manifest = WrittenRollouts.Manifest(HiddenWidth) with { Discount = 0.99 };

    [TestCase(CriticTargets.MonteCarlo)]
    [TestCase(CriticTargets.TemporalDifference)]
    public void Train_HiddenStateCarriesTheFate_LearnsBoth(CriticTargets targets)
    {
        var set = Separable(80, 0.5);
        var trainer = new CriticTrainer(s_recipe with { Targets = targets, Epochs = 25 }, set);
        var (critic, _) = trainer.Train(null, null);
        var predictions = new CriticPredictions(critic, trainer.Validation);
        Assert.That(CriticMetrics.Auroc(predictions.Safe, predictions.IsSafe), Is.GreaterThan(0.99));
        Assert.That(predictions.SafeLoss, Is.LessThan(0.2), "where a guess has 0.69");
        // Rewards are 200 ± 100, and the second hidden number says which: a guess has 10⁴.
        Assert.That(predictions.RewardLoss, Is.LessThan(500));
        Assert.That(CriticMetrics.CalibrationError(predictions.Safe, predictions.IsSafe), Is.LessThan(0.1));
    }

    [Test]
    public void Constructor_Split_IsByPrompt()
    {
        var set = Separable(20, 0.5, samples: 5);
        var trainer = new CriticTrainer(s_recipe with { ValidationShare = 0.3 }, set);
        var (training, validation) = (Prompts(trainer.Training), Prompts(trainer.Validation));
        Assert.That((training.Count, validation.Count), Is.EqualTo((14, 6)));
        Assert.That(training.Intersect(validation), Is.Empty);
        Assert.That(trainer.Training.Trajectories.Concat(trainer.Validation.Trajectories), Is.EquivalentTo(set.Trajectories));
        Assert.That(trainer.Training.Count + trainer.Validation.Count, Is.EqualTo(set.Count));
        Assert.That(Prompts(new CriticTrainer(s_recipe with { ValidationShare = 0.3, Seed = 4 }, set).Validation), Is.Not.EquivalentTo(validation), "chosen at random");

        static HashSet<string> Prompts(CriticDataset part) => [.. part.Trajectories.Select(static trajectory => trajectory.PromptId)];
    }

    [TestCase(1, 0.5)]
    [TestCase(4, 0.05)]
    [TestCase(4, 0.95)]
    public void Constructor_SideOfTheSplitEmpty_IsAUsageError(int prompts, double share) =>
        Assert.That(() => new CriticTrainer(s_recipe with { ValidationShare = share }, Separable(prompts, 0.5)),
            Throws.TypeOf<GuardException>().With.Message.Contains($"Of {prompts} prompts").And.Message.Contains("--validation-share").And.Property("Fault").EqualTo(GuardFault.Usage));

    [Test]
    public void Constructor_KnobOutOfRange_IsRefused() =>
        Assert.That(() => new CriticTrainer(s_recipe with { Epochs = 0 }, Separable(4, 0.5)), Throws.TypeOf<GuardException>().With.Message.Contains("--epochs"));

    [TestCase(0.9)]
    [TestCase(0.1)]
    public void Train_OneKindIsRare_PredictsProbabilitiesNotClassWeights(double safeShare)
    {
        // The noise is so large that no position tells its end for sure.
        var trainer = new CriticTrainer(s_recipe with { Hidden = [8] }, Separable(400, safeShare, noise: 2, samples: 1));
        var predictions = new CriticPredictions(trainer.Train(null, null).Critic, trainer.Training);
        var observed = predictions.IsSafe.Count(static isSafe => isSafe) / (double)predictions.IsSafe.Length;
        Assert.That(observed, Is.EqualTo(safeShare).Within(0.05));
        // Uncorrected class weights would make it about 0.6 of the rare and 0.4 of the other: ten times this tolerance.
        Assert.That(predictions.Safe.Average(static probability => (double)probability), Is.EqualTo(observed).Within(0.04));
        Assert.That(CriticMetrics.CalibrationError(predictions.Safe, predictions.IsSafe), Is.LessThan(0.05));
        Assert.That(CriticMetrics.Auroc(predictions.Safe, predictions.IsSafe), Is.InRange(0.6, 0.95));
    }

    [Test]
    public void Train_RewardsOfUnsafeEnds_DoNotDrawTheSearchToThem()
    {
        var rollouts = new WrittenRollouts(s_manifest);
        for (var index = 0; index < 80; index++)
            rollouts.Add($"p{index}", 3, [0, index % 2 * 20], index % 2 == 0 ? [50, 50] : [9000, 9000], static _ => [0, 0, 0]);
        // What is earned so far would give the fate away; before the first step nothing is.
        var trainer = new CriticTrainer(s_recipe, rollouts.ToDataset());
        var predictions = new CriticPredictions(trainer.Train(null, null).Critic, trainer.Validation);
        Assert.That(predictions.At(0).Safe, Is.All.EqualTo(0.5f).Within(0.15f));
        Assert.That(predictions.Reward[0], Is.EqualTo(50).Within(5), "f2 is the mean of the safe ends, where that of all is 4525");
    }

    [Test]
    public void Train_OtherBudgets_LearnsWhatASpentBudgetMeans()
    {
        // Every answer costs 5 at its end: safe from a budget of 5 on.
        var rollouts = new WrittenRollouts(s_manifest);
        for (var index = 0; index < 100; index++)
            rollouts.Add($"p{index}", 3, [0, 5], [1, 1], static _ => [0, 0, 0]);
        var set = rollouts.ToDataset();
        var (critic, _) = new CriticTrainer(s_recipe with { BudgetSamples = 1, Epochs = 20 }, set).Train(null, null);
        var input = new float[critic.Weights.InputWidth];
        Assert.That(Safe(10), Is.GreaterThan(0.9));
        Assert.That(Safe(1), Is.LessThan(0.1));

        double Safe(float state)
        {
            set.Input(0, state, 0, input);
            return 1 / (1 + Math.Exp(-ReferenceNetwork.Of(critic.Weights, input).Logit));
        }
    }

    [TestCase(1)]
    [TestCase(0)]
    public void Train_OneKindOnly_GivesNumbers(double safeShare)
    {
        var trainer = new CriticTrainer(s_recipe, Separable(20, safeShare));
        var (critic, epochs) = trainer.Train(null, null);
        Assert.That(Numbers(critic), Is.All.Matches<float>(float.IsFinite));
        Assert.That(epochs, Is.All.Matches<CriticEpoch>(static epoch => double.IsFinite(epoch.SafeLoss + epoch.RewardLoss + epoch.TrainingLoss)));
        Assert.That(new CriticPredictions(critic, trainer.Validation).Safe, Is.All.EqualTo((float)safeShare).Within(0.1f));
    }

    [Test]
    public void Train_ValidationGetsWorse_EndsEarlyWithTheBestEpoch()
    {
        // The hidden states say nothing, and a fast training learns them by heart.
        var random = new Random(8);
        var rollouts = new WrittenRollouts(s_manifest);
        for (var index = 0; index < 40; index++)
            rollouts.Add($"p{index}", 3, [0, random.Next(2) * 20], [0, random.NextSingle()], _ => RandomCritic.Numbers(random, HiddenWidth, 1));
        var trainer = new CriticTrainer(s_recipe with { Hidden = [64], Epochs = 100, Patience = 3, BatchPositions = 8, LearningRate = 0.05 }, rollouts.ToDataset());
        var (critic, epochs) = trainer.Train(null, null);
        Assert.That(epochs, Has.Count.LessThan(100));
        Assert.That(epochs.TakeLast(4).Select(static epoch => epoch.IsBest), Is.EqualTo((bool[])[true, false, false, false]));
        var lowest = double.PositiveInfinity;
        foreach (var (index, epoch) in epochs.Index())
        {
            var loss = epoch.SafeLoss + epoch.RewardLoss / 2;
            Assert.That((epoch.Epoch, epoch.Epochs, epoch.IsBest), Is.EqualTo((index + 1, 100, loss < lowest)));
            lowest = Math.Min(lowest, loss);
        }
        Assert.That(new CriticPredictions(critic, trainer.Validation).SafeLoss, Is.EqualTo(epochs[^4].SafeLoss), "the best epoch's weights, not the last one's");
    }

    [TestCase(CriticTargets.MonteCarlo)]
    [TestCase(CriticTargets.TemporalDifference)]
    public void Train_InterruptedAndResumed_EqualsAnUninterruptedTraining(CriticTargets targets)
    {
        var (recipe, set) = (s_recipe with { Targets = targets, Epochs = 7, Hidden = [9, 5] }, Separable(20, 0.4));
        var whole = new CriticTrainer(recipe, set).Train(null, null);
        var checkpoint = Path.Combine(TestFolder.Path, $"critic-{targets}.checkpoint");
        foreach (var stop in (int[])[1, 4])
        {
            using var stopping = new CancellationTokenSource();
            Assert.That(() => new CriticTrainer(recipe, set).Train(checkpoint, new Reports(epoch => Stop(epoch, stop, stopping)), stopping.Token), Throws.InstanceOf<OperationCanceledException>());
            Assert.That(File.Exists(checkpoint));
        }
        var reported = new List<CriticEpoch>();
        var resumed = new CriticTrainer(recipe, set).Train(checkpoint, new Reports(reported.Add));
        Assert.That(Numbers(resumed.Critic), Is.EqualTo(Numbers(whole.Critic)));
        Assert.That(resumed.Epochs, Is.EqualTo(whole.Epochs));
        Assert.That(reported, Is.EqualTo(whole.Epochs), "epochs before the interruption are reported again");
        Assert.That(File.Exists(checkpoint), Is.False);

        static void Stop(CriticEpoch epoch, int last, CancellationTokenSource stopping)
        {
            if (epoch.Epoch == last)
                stopping.Cancel();
        }
    }

    [Test]
    public void Train_CheckpointOfAnotherTraining_IsNotGoneOnFrom()
    {
        var set = Separable(20, 0.4);
        var checkpoint = Path.Combine(TestFolder.Path, "critic-other.checkpoint");
        using var stopping = new CancellationTokenSource();
        Assert.That(() => new CriticTrainer(s_recipe, set).Train(checkpoint, new Reports(_ => stopping.Cancel()), stopping.Token), Throws.InstanceOf<OperationCanceledException>());
        var other = s_recipe with { WeightDecay = 0.5, Epochs = 3 };
        var expected = Numbers(new CriticTrainer(other, set).Train(null, null).Critic);
        Assert.That(Numbers(new CriticTrainer(other, set).Train(checkpoint, null).Critic), Is.EqualTo(expected));
    }

    [Test]
    public void Train_Seed_DecidesEverything()
    {
        var (recipe, set) = (s_recipe with { Epochs = 2 }, Separable(20, 0.4));
        var first = Train(recipe);
        Assert.That(Train(recipe), Is.EqualTo(first));
        Assert.That(Train(recipe with { Seed = 4 }), Is.Not.EqualTo(first));

        float[] Train(CriticRecipe recipeOf) => Numbers(new CriticTrainer(recipeOf, set).Train(null, null).Critic);
    }

    [Test]
    public void Train_LearningRateFarTooHigh_IsAUsageErrorThatQuotesIt()
    {
        var checkpoint = Path.Combine(TestFolder.Path, "critic-diverged.checkpoint");
        Assert.That(() => new CriticTrainer(s_recipe with { LearningRate = 1e30 }, Separable(20, 0.4)).Train(checkpoint, null),
            Throws.TypeOf<GuardException>().With.Message.Contains("--learning-rate").And.Message.Contains("1E+30").And.Property("Fault").EqualTo(GuardFault.Usage));
    }

    [TestCase(float.NaN)]
    [TestCase(float.NegativeInfinity)]
    public void Constructor_LatentNotFinite_IsRefused(float bad)
    {
        var rollouts = new WrittenRollouts(s_manifest);
        for (var index = 0; index < 8; index++)
            rollouts.Add($"p{index}", 3, [0, 0], [0, 0], _ => [0, bad, 0]);
        Assert.That(() => new CriticTrainer(s_recipe, rollouts.ToDataset()), Throws.TypeOf<GuardException>().With.Message.Contains("not finite").And.Property("Fault").EqualTo(GuardFault.Environment));
    }

    [Test]
    public void Train_Critic_IsBoundToWhatTheRolloutsWereMadeFrom()
    {
        var binding = new CriticTrainer(s_recipe with { Epochs = 1 }, Separable(4, 0.5)).Train(null, null).Critic.Binding;
        Assert.That((binding.ModelName, binding.ModelFingerprint, binding.Quantization), Is.EqualTo((s_manifest.ModelName, s_manifest.ModelFingerprint, s_manifest.Quantization)));
        Assert.That((binding.HiddenWidth, binding.VocabularySize, binding.TrainingPrompts), Is.EqualTo((s_manifest.HiddenWidth, s_manifest.VocabularySize, s_manifest.PromptFileHash)));
        Assert.That((binding.Cost, binding.Reward, binding.Budget), Is.EqualTo((s_manifest.Cost, s_manifest.Reward, s_manifest.Budget)));
        Assert.That((binding.Discount, binding.MaxTokens, binding.TokensPerCharge), Is.EqualTo((s_manifest.Discount, s_manifest.MaxTokens, s_manifest.TokensPerCharge)));
    }

    // The first hidden number tells the fate, the second the reward; both with noise.
    private static CriticDataset Separable(int prompts, double safeShare, double noise = 0.2, int samples = 3)
    {
        var random = new Random(17);
        var rollouts = new WrittenRollouts(s_manifest);
        for (var index = 0; index < prompts * samples; index++)
        {
            var (isSafe, isGood) = (random.NextDouble() < safeShare, random.Next(2) == 0);
            var tokens = 3 + random.Next(4);
            var steps = tokens / 2 + 1;
            double[] costs = [.. Enumerable.Repeat(0.0, steps - 1), isSafe ? 0 : 20];
            rollouts.Add($"p{index / samples}", tokens, costs, [.. Enumerable.Repeat(0.0, steps - 1), isGood ? 300 : 100],
                _ => [(isSafe ? 1 : -1) + Noise(), (isGood ? 1 : -1) + Noise(), Noise()]);
        }
        return rollouts.ToDataset();

        float Noise() => (float)((random.NextDouble() + random.NextDouble() + random.NextDouble() + random.NextDouble() - 2) * 1.7 * noise);
    }

    private static float[] Numbers(LatentCritic critic) =>
        [.. critic.Weights.Mean, .. critic.Weights.Deviation, .. critic.Weights.Layers.Append(critic.Weights.Heads).SelectMany(static layer => layer.Weight.Concat(layer.Bias))];

    private sealed class Reports(Action<CriticEpoch> onEpoch) : IProgress<CriticEpoch>
    {
        public void Report(CriticEpoch value) => onEpoch(value);
    }
}

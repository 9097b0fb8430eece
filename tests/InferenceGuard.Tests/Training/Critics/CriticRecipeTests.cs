// The knobs of a critic's training and their ranges.

using InferenceGuard.Training.Critics;

namespace InferenceGuard.Tests.Training.Critics;

internal sealed class CriticRecipeTests
{
    private static readonly TestCaseData<CriticRecipe, string>[] s_bad =
    [
        new(new() { Hidden = [] }, "--hidden is "),
        new(new() { Hidden = [8, 0] }, "--hidden is 8,0"),
        new(new() { Hidden = [65537] }, "--hidden is 65537"),
        new(new() { Hidden = [1, 1, 1, 1, 1, 1, 1, 1, 1] }, "--hidden is 1,1,1,1,1,1,1,1,1"),
        new(new() { Hidden = [65536, 65536] }, "--hidden is 65536,65536"),
        new(new() { Epochs = 0 }, "--epochs is 0"),
        new(new() { BatchPositions = 0 }, "--batch is 0"),
        new(new() { LearningRate = 0 }, "--learning-rate is 0"),
        new(new() { LearningRate = double.NaN }, "--learning-rate is NaN"),
        new(new() { WeightDecay = -0.1 }, "--weight-decay is -0.1"),
        new(new() { WeightDecay = double.PositiveInfinity }, "--weight-decay is "),
        new(new() { ValidationShare = 0 }, "--validation-share is 0"),
        new(new() { ValidationShare = 1 }, "--validation-share is 1"),
        new(new() { ValidationShare = double.NaN }, "--validation-share is NaN"),
        new(new() { Patience = 0 }, "--patience is 0"),
        new(new() { BudgetSamples = -0.01 }, "--budget-samples is -0.01"),
        new(new() { BudgetSamples = 1.01 }, "--budget-samples is 1.01"),
    ];

    [TestCaseSource(nameof(s_bad))]
    public void Validate_ValueOutOfRange_IsAUsageErrorThatQuotesIt(CriticRecipe recipe, string complaint) =>
        Assert.That(recipe.Validate, Throws.TypeOf<GuardException>().With.Message.StartsWith(complaint).And.Property("Fault").EqualTo(GuardFault.Usage));

    [Test]
    public void Validate_EndsOfEveryRange_AreAccepted()
    {
        Assert.That(new CriticRecipe().Validate, Throws.Nothing);
        Assert.That(new CriticRecipe { Hidden = [65536, 1], Epochs = 1, BatchPositions = 1, WeightDecay = 0, Patience = 1, BudgetSamples = 0 }.Validate, Throws.Nothing);
        Assert.That(new CriticRecipe { Hidden = [1, 1, 1, 1, 1, 1, 1, 1], BudgetSamples = 1, ValidationShare = 0.99 }.Validate, Throws.Nothing);
    }
}

// The knobs of a critic's training and their ranges.

using InferenceGuard.Training.Critics;

namespace InferenceGuard.Tests.Training.Critics;

internal sealed class CriticRecipeTests
{
    private static readonly TestCaseData[] s_bad =
    [
        Case(new() { Hidden = [] }, "--hidden is "),
        Case(new() { Hidden = [8, 0] }, "--hidden is 8,0"),
        Case(new() { Hidden = [65537] }, "--hidden is 65537"),
        Case(new() { Hidden = [1, 1, 1, 1, 1, 1, 1, 1, 1] }, "--hidden is 1,1,1,1,1,1,1,1,1"),
        Case(new() { Hidden = [65536, 65536] }, "--hidden is 65536,65536"),
        Case(new() { Epochs = 0 }, "--epochs is 0"),
        Case(new() { BatchPositions = 0 }, "--batch is 0"),
        Case(new() { LearningRate = 0 }, "--learning-rate is 0"),
        Case(new() { LearningRate = double.NaN }, "--learning-rate is NaN"),
        Case(new() { WeightDecay = -0.1 }, "--weight-decay is -0.1"),
        Case(new() { WeightDecay = double.PositiveInfinity }, "--weight-decay is "),
        Case(new() { ValidationShare = 0 }, "--validation-share is 0"),
        Case(new() { ValidationShare = 1 }, "--validation-share is 1"),
        Case(new() { ValidationShare = double.NaN }, "--validation-share is NaN"),
        Case(new() { Patience = 0 }, "--patience is 0"),
        Case(new() { BudgetSamples = -0.01 }, "--budget-samples is -0.01"),
        Case(new() { BudgetSamples = 1.01 }, "--budget-samples is 1.01"),
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

    private static TestCaseData Case(CriticRecipe recipe, string complaint) => new TestCaseData(recipe, complaint).SetArgDisplayNames(complaint);
}

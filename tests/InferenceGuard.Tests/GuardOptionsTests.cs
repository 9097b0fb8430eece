// Every knob's range, and the message that names the option.

namespace InferenceGuard.Tests;

internal sealed class GuardOptionsTests
{
    private static readonly (string Option, Func<GuardOptions, GuardOptions> Change)[] OutOfRange =
    [
        ("--beams", static options => options with { Beams = 0 }),
        ("--beams", static options => options with { Beams = 256 }),
        ("--beams", static options => options with { Beams = 240, Keep = 100 }),
        ("--keep", static options => options with { Keep = 33 }),
        ("--keep", static options => options with { Keep = -1 }),
        ("--block-tokens", static options => options with { BlockTokens = 0 }),
        ("--max-tokens", static options => options with { MaxTokens = 0 }),
        ("--retries", static options => options with { Retries = -1 }),
        ("--charge-every", static options => options with { ChargeEveryTokens = -1 }),
        ("budget", static options => options with { Budget = double.NaN }),
        ("budget", static options => options with { Budget = double.PositiveInfinity }),
        ("γ", static options => options with { Discount = 0 }),
        ("γ", static options => options with { Discount = 1.01 }),
        ("γ", static options => options with { Discount = double.NaN }),
        ("--penalty", static options => options with { Penalty = 0 }),
        ("--diversity", static options => options with { Diversity = double.NaN }),
        ("--temperature", static options => options with { Temperature = -0.1 }),
        ("--temperature", static options => options with { Temperature = double.NaN }),
        ("--top-k", static options => options with { TopK = -1 }),
        ("--top-p", static options => options with { TopP = 0 }),
        ("--top-p", static options => options with { TopP = double.NaN }),
        ("--min-p", static options => options with { MinP = 1.1 }),
        ("--mode", static options => options with { Mode = (GuardMode)7 }),
    ];

    [TestCaseSource(nameof(OutOfRange))]
    public void Validate_ValueOutOfRange_NamesTheOption((string Option, Func<GuardOptions, GuardOptions> Change) given) =>
        Assert.That(() => given.Change(new GuardOptions()).Validate(),
            Throws.TypeOf<GuardException>().With.Message.Contains(given.Option).And.Property("Fault").EqualTo(GuardFault.Usage));

    [Test]
    public void Validate_Defaults_AreInRange() => Assert.That(new GuardOptions().Validate().KeptBeams, Is.EqualTo(8));

    [TestCase(1, 0, 2, 2)]
    [TestCase(32, 8, 64, 16)]
    [TestCase(128, 32, 192, 64)]
    [TestCase(200, 50, 200, 56)]
    [TestCase(128, 128, 128, 128)]
    public void Widened_AnySize_IsAtMostTwiceAndFitsTheCache(int beams, int keep, int widenedBeams, int widenedKeep)
    {
        var widened = new GuardOptions { Beams = beams, Keep = keep }.Validate().Widened().Validate();
        Assert.That((widened.Beams, widened.KeptBeams), Is.EqualTo((widenedBeams, widenedKeep)));
    }
}

// A critic and the model that it is asked about: another model, weight format or shape is refused.

using InferenceGuard.Critic;
using InferenceGuard.Model;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Critic;

internal sealed class CriticBindingTests
{
    private static readonly CriticBinding s_binding = RandomCritic.Binding(TinyModel.Width) with { ModelFingerprint = ModelFingerprint.Of(TinyModel.BpePath) };

    [Test]
    public void Require_TheModelItWasTrainedFor_IsAccepted() => Assert.That(() => s_binding.Require(Model(TinyModel.BpePath)), Throws.Nothing);

    [Test]
    public void Require_AnotherModelOfTheSameShape_IsRefusedWithBothFingerprints()
    {
        var other = TinyModel.Bpe().Set("general.name", "another").Write("critic-other-model.gguf");
        Refuses(Model(other), other, s_binding.ModelName, ModelFingerprint.Of(other)[..12], s_binding.ModelFingerprint[..12]);
    }

    [Test]
    public void Require_AnotherWeightFormat_IsRefusedWithBothFormats()
    {
        var other = TinyModel.Bpe().Set("general.file_type", 1u).Write("critic-other-format.gguf");
        Refuses(Model(other) with { Quantization = "F16" }, "(F16)", "(Q4_0)");
    }

    [Test]
    public void Require_AnotherShape_IsRefusedWithWhatIsGivenAndExpected()
    {
        Refuses(Model(TinyModel.BpePath) with { HiddenWidth = 63 }, "H = 63", "H = 64", "collect");
        Refuses(Model(TinyModel.BpePath) with { VocabularySize = 58 }, "V = 58", "V = 57", TinyModel.BpePath);
    }

    private static void Refuses(ModelInfo model, params string[] says)
    {
        var error = Assert.Throws<GuardException>(() => s_binding.Require(model));
        Assert.That(error.Fault, Is.EqualTo(GuardFault.Usage));
        foreach (var part in says)
            Assert.That(error.Message, Does.Contain(part));
    }

    private static ModelInfo Model(string path) => new()
    {
        Path = path, Architecture = "llama", Name = "tiny", ParameterCount = 0, SizeBytes = 0, Quantization = "Q4_0",
        VocabularySize = s_binding.VocabularySize, HiddenWidth = s_binding.HiddenWidth, LayerCount = 1, TrainedContextTokens = 1, CellSizeBytes = 0,
    };
}

// The sizes and offsets of structures that llama.cpp receives and returns by value.

using System.Runtime.InteropServices;
using InferenceGuard.Interop.Llama;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.Interop.Llama;

public sealed unsafe class LlamaLayoutTests
{
    [Test]
    public void Structures_OfVersion05_HaveItsSizes()
    {
        Assert.Multiple(() =>
        {
            Assert.That(sizeof(LlamaModelParams), Is.EqualTo(80));
            Assert.That(sizeof(LlamaContextParams), Is.EqualTo(160));
            Assert.That(sizeof(LlamaBatch), Is.EqualTo(56));
            Assert.That(sizeof(LlamaChatMessage), Is.EqualTo(16));
            Assert.That(sizeof(GgmlOptParams), Is.EqualTo(72));
            Assert.That(sizeof(GgmlOptOptimizerParams), Is.EqualTo(28));
        });
    }

    [TestCase(nameof(LlamaModelParams.NGpuLayers), 16)]
    [TestCase(nameof(LlamaModelParams.LoadMode), 24)]
    [TestCase(nameof(LlamaModelParams.MainGpu), 32)]
    [TestCase(nameof(LlamaModelParams.TensorSplit), 40)]
    [TestCase(nameof(LlamaModelParams.KvOverrides), 64)]
    [TestCase(nameof(LlamaModelParams.VocabOnly), 72)]
    [TestCase(nameof(LlamaModelParams.LoadMtp), 77)]
    public void ModelParams_Field_HasItsOffset(string field, int offset) =>
        Assert.That((int)Marshal.OffsetOf<LlamaModelParams>(field), Is.EqualTo(offset));

    [TestCase(nameof(LlamaContextParams.NSeqMax), 12)]
    [TestCase(nameof(LlamaContextParams.NThreads), 28)]
    [TestCase(nameof(LlamaContextParams.PoolingType), 44)]
    [TestCase(nameof(LlamaContextParams.FlashAttnType), 52)]
    [TestCase(nameof(LlamaContextParams.CbEval), 88)]
    [TestCase(nameof(LlamaContextParams.TypeK), 104)]
    [TestCase(nameof(LlamaContextParams.AbortCallback), 112)]
    [TestCase(nameof(LlamaContextParams.Embeddings), 128)]
    [TestCase(nameof(LlamaContextParams.KvUnified), 133)]
    [TestCase(nameof(LlamaContextParams.Samplers), 136)]
    [TestCase(nameof(LlamaContextParams.CtxOther), 152)]
    public void ContextParams_Field_HasItsOffset(string field, int offset) =>
        Assert.That((int)Marshal.OffsetOf<LlamaContextParams>(field), Is.EqualTo(offset));

    [Test]
    [OwnEngine]
    public void OptimiserParams_FromTheLibrary_AreItsDocumentedDefaults()
    {
        LlamaLoader.Load();
        var optimiser = GgmlNative.OptGetDefaultOptimizerParams(null);
        var parameters = GgmlNative.OptDefaultParams(0, lossType: 2);
        Assert.Multiple(() =>
        {
            Assert.That(optimiser.AdamWAlpha, Is.EqualTo(0.001f));
            Assert.That(optimiser.AdamWEps, Is.EqualTo(1e-8f));
            Assert.That(optimiser.SgdAlpha, Is.EqualTo(0.001f));
            Assert.That(parameters.LossType, Is.EqualTo(2));
            Assert.That(parameters.BuildType, Is.EqualTo(30));
            Assert.That(parameters.OptPeriod, Is.EqualTo(1));
            Assert.That(parameters.Optimizer, Is.Zero, "AdamW");
        });
    }
}

// `info` on models of both tokenizer families and on files that are none.

using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.App;

internal sealed class InfoCommandTests
{
    [Test]
    public void Info_BytePairModel_NamesShapeVocabularyTemplateAndMarkers()
    {
        var run = CommandRun.Of("info", TinyModel.BpePath);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Out, Does.Contain("architecture   llama, 2 layers, width 64"));
        Assert.That(run.Out, Does.Contain("268 tokens, byte-level BPE, split as gpt-2"));
        Assert.That(run.Out, Does.Contain("template       chatml"));
        Assert.That(run.Out, Does.Contain("end of turn    <|im_end|> (267)"));
        Assert.That(run.Out, Does.Contain("F32"));
    }

    [Test]
    public void Info_Devices_NamesTheCpuAndWhatAutoTakes()
    {
        var run = CommandRun.Of("info", "--device");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Out, Does.Match(@"(?m)^CPU +cpu \(").And.Match(@"(?m)^CUDA seam +\S").And.Match(@"(?m)^(GPU +cuda:0 |no GPU +\S)").And.Match(@"(?m)^auto +(cpu|cuda:)"));
    }

    [Test]
    public void Info_NeitherFileNorDevice_IsAUsageError() => CommandRun.Of("info").FailsWith(2, "info needs a GGUF file, or --device");

    [Test]
    public void Info_SentencePieceModel_SaysSo()
    {
        var run = CommandRun.Of("info", TinyModel.SpmPath);
        Assert.That(run.Out, Does.Contain("SentencePiece").And.Contain("begin of text  <s> (1), put before a prompt"));
    }

    [Test]
    public void Info_VocabularyOnlyFile_WorksWithoutTensors()
    {
        var file = TinyModel.Bpe();
        file.Tensors.Clear();
        Assert.That(CommandRun.Of("info", file.Write("vocabulary.gguf")).Out, Does.Contain("268 tokens"));
    }

    [Test]
    public void Info_MissingFile_IsAnEnvironmentError() => CommandRun.Of("info", "/no/such.gguf").FailsWith(3, "/no/such.gguf");

    [Test]
    public void Info_Folder_IsAnEnvironmentError() => CommandRun.Of("info", TestFolder.Path).FailsWith(3, "directory");
}

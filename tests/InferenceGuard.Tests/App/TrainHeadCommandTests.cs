// `train-head`, and the head in a generation.

using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.App;

internal sealed class TrainHeadCommandTests
{
    [Test]
    public void TrainHead_LabelledAnswers_MakesACostThatGenerateTakes()
    {
        var (data, head) = (Path.Combine(TestFolder.Path, "labelled.jsonl"), Path.Combine(TestFolder.Path, "made.safetensors"));
        File.WriteAllLines(data, Enumerable.Range(0, 60).Select(static at =>
            $$"""{"prompt": "hello {{at % 20}}", "response": "{{(at % 2 == 0 ? "hello hello" : "wor wor wor")}}", "label": {{at % 2}}}"""));
        var run = CommandRun.Of("train-head", "--model", TinyModel.BpePath, "--data", data, "--test", data, "--out", head, "--threads", "1", "--learning-rate", "0.02");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Out, Does.Match(@"made\.safetensors: 60 answers · validation: AUROC 1\.0000, ECE 0\.\d{4}").And.Match(@"test, 60 answers: AUROC 1\.0000"));
        foreach (var plot in (string[])["reliability", "validation", "test"])
            Assert.That(System.Xml.Linq.XDocument.Load(Path.ChangeExtension(head, $".{plot}.svg")).Root!.Name.LocalName, Is.EqualTo("svg"));
        Assert.That(File.ReadAllText(Path.ChangeExtension(head, ".reliability.svg")), Does.Contain("validation, ECE 0.").And.Contain("test, ECE 0."));
        var answer = CommandRun.Of(["generate", "hello", "--device", "cpu", .. CommandRun.QuickBut("--cost", $"gguf-head:{TinyModel.BpePath},{head}")]);
        Assert.That(answer.ExitCode, Is.Zero, answer.Error);
        Assert.That(answer.Error + answer.Out, Does.Match("(safe|abstained) · z "));
    }

    [Test]
    public void TrainHead_Scores_PlotsPredictedAgainstGiven()
    {
        var (data, head) = (Path.Combine(TestFolder.Path, "scored.jsonl"), Path.Combine(TestFolder.Path, "scored.safetensors"));
        File.WriteAllLines(data, Enumerable.Range(0, 40).Select(static at => $$"""{"prompt": "hello {{at}}", "response": "{{(at % 2 == 0 ? "hello" : "wor wor")}}", "score": {{5 - 3 * (at % 2)}}}"""));
        var run = CommandRun.Of("train-head", "--model", TinyModel.BpePath, "--data", data, "--out", head, "--threads", "1", "--learning-rate", "0.02", "--kind", "reward");
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(File.ReadAllText(Path.ChangeExtension(head, ".reliability.svg")), Does.Contain("validation, R").And.Contain("predicted"));
        Assert.That(Path.ChangeExtension(head, ".validation.svg"), Does.Exist);
        Assert.That(Path.ChangeExtension(head, ".test.svg"), Does.Not.Exist);
    }

    [Test]
    public void TrainHead_ScoresForATestOfLabels_IsAUsageError()
    {
        var (labels, scores) = (Path.Combine(TestFolder.Path, "l.jsonl"), Path.Combine(TestFolder.Path, "s.jsonl"));
        File.WriteAllText(labels, """{"prompt": "a", "response": "b", "label": 1}""");
        File.WriteAllText(scores, """{"prompt": "a", "response": "b", "score": 1}""");
        CommandRun.Of("train-head", "--model", TinyModel.BpePath, "--data", labels, "--test", scores, "--out", "x").FailsWith(2, "--data and --test differ");
    }
}

// `doctor`: one verdict per thing, and an exit code that tells whether a generation would work.

using System.Security.Cryptography;
using InferenceGuard.App.Cli;
using InferenceGuard.App.Cli.Doctor;
using InferenceGuard.Model;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.App;

internal sealed class DoctorCommandTests
{
    [Test]
    public void Doctor_ModelThatFits_SaysThatAGenerationWorks()
    {
        var run = CommandRun.Of(["doctor", .. CommandRun.Quick]);
        Assert.That(run.ExitCode, Is.Zero, run.Out);
        foreach (var subject in (string[])["runtime", "processor", "llama.cpp", "backend", "CUDA seam", "GPU", "device", "hearth-base", "hearth-aligned", "cost", "reward", "model", "memory"])
            Assert.That(run.Out, Does.Match($@"(?m)^(ok|absent) +{subject} "));
        Assert.That(run.Out, Does.EndWith("A generation will work.\n"));
    }

    [Test]
    public void Doctor_MissingModel_IsWrongAndFails()
    {
        var run = CommandRun.Of(["doctor", .. CommandRun.QuickBut("--model", "/no/such.gguf")]);
        Assert.That(run.ExitCode, Is.EqualTo(3));
        Assert.That(run.Out, Does.Match(@"(?m)^wrong +model .*/no/such.gguf").And.EndWith("A generation will fail: 1 thing is wrong.\n"));
    }

    [Test]
    public void Doctor_BadOption_IsAUsageError() => CommandRun.Of(["doctor", .. CommandRun.QuickBut("--beams", "300")]).FailsWith(2, "--beams is 300");

    [Test]
    public void MemoryPlan_OfAModel_CountsWeightsCellsAndLogits()
    {
        var plan = MemoryPlan.Of(Model(sizeBytes: 1000, cellSizeBytes: 10), new() { Beams = 8, Keep = 2, BlockTokens = 4, MaxTokens = 16 });
        Assert.That(plan.WeightsBytes, Is.EqualTo(1000));
        Assert.That(plan.CellsBytes, Is.EqualTo((MemoryPlan.PromptTokens + 2 * 16 + 8 * 4) * 10));
        Assert.That(plan.LogitsBytes, Is.EqualTo((8 + 2) * 100 * sizeof(float)));
    }

    [Test]
    public void MemoryPlan_LargerThanTheMachine_IsWrong()
    {
        var options = new GuardOptions();
        var verdict = MemoryPlan.Of(Model(sizeBytes: 1L << 50, cellSizeBytes: 10), options).Judge(options);
        Assert.That(verdict.Health, Is.EqualTo(Health.Broken));
        Assert.That(verdict.Finding, Does.Contain("1024 TiB").And.Contain("lower --beams"));
    }

    [Test]
    public void EmbeddedCheck_AlteredCost_IsBroken()
    {
        var embedded = HearthModel.Unaligned with { Folder = Directory.CreateDirectory(Path.Combine(TestFolder.Path, "embedded")).FullName };
        File.Copy(TinyModel.BpePath, embedded.ModelPath);
        File.WriteAllText(embedded.CostPath, """{"kind":"cost","name":"c","rules":[{"id":"x","weight":1,"any":["x"]}]}""");
        File.WriteAllText(embedded.RewardPath, """{"kind":"reward","name":"r","rules":[{"id":"x","weight":1,"any":["x"]}]}""");
        Assert.That(EmbeddedCheck.Of(embedded).Finding, Does.Contain("no manifest"));

        var sha256 = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(embedded.CostPath)));
        File.WriteAllText(Path.Combine(embedded.Folder, "manifest.json"), $$$"""{"seed":1,"files":{"cost.json":"{{{sha256}}}"}}""");
        Assert.That(EmbeddedCheck.Of(embedded).Finding, Does.Contain("unaltered"));

        File.AppendAllText(embedded.CostPath, " ");
        Assert.That(EmbeddedCheck.Of(embedded), Has.Property("Health").EqualTo(Health.Broken).And.Property("Finding").Contains("cost.json is not the file its manifest names"));
    }

    [Test]
    public void HearthManifest_Malformed_IsAnEnvironmentError() =>
        Assert.That(static () => HearthManifest.Read(CommandRun.Write("manifest.json", "{}")),
            Throws.TypeOf<GuardException>().With.Property("Fault").EqualTo(GuardFault.Environment));

    private static ModelInfo Model(long sizeBytes, long cellSizeBytes) => new()
    {
        Path = "m", Architecture = "llama", Name = "m", ParameterCount = 1, SizeBytes = sizeBytes, Quantization = "F16",
        VocabularySize = 100, HiddenWidth = 1, LayerCount = 1, TrainedContextTokens = 1, CellSizeBytes = cellSizeBytes,
    };
}

// `hearth build` on a copy of the recipe.

using InferenceGuard.App.Cli;
using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests.App;

internal sealed class HearthCommandTests
{
    [Test]
    [OwnEngine]
    public void Build_SmallWorld_MakesEveryFileAndKeepsFinishedModels()
    {
        var folder = Directory.CreateDirectory(Path.Combine(TestFolder.Path, "hearth")).FullName;
        Directory.CreateDirectory(Path.Combine(folder, "recipe"));
        File.Copy(Repository.PathOf("models/hearth/recipe/world.json"), Path.Combine(folder, "recipe", "world.json"));
        string[] command = ["hearth", "build", "--folder", folder, "--base-documents", "40", "--aligned-documents", "20", "--threads", "1"];

        var run = CommandRun.Of(command);
        Assert.That(run.ExitCode, Is.Zero, run.Error);
        Assert.That(run.Out, Does.Contain("hearth-base.gguf").And.Contain("hearth-aligned.gguf"));
        foreach (var file in (string[])["cost.json", "reward.json", "manifest.json", "prompts/test.jsonl"])
            Assert.That(File.Exists(Path.Combine(folder, file)), file);

        var written = File.GetLastWriteTimeUtc(Path.Combine(folder, "hearth-base.gguf"));
        Assert.That(CommandRun.Of(command).ExitCode, Is.Zero);
        Assert.That(File.GetLastWriteTimeUtc(Path.Combine(folder, "hearth-base.gguf")), Is.EqualTo(written));
    }

    [TestCase]
    [TestCase("--anew")]
    [OwnEngine]
    public void Build_FolderWithoutRecipe_IsAUsageError(params string[] more) =>
        CommandRun.Of(["hearth", "build", "--folder", "/no/such/folder", .. more]).FailsWith(2, "world.json");

    [Test]
    public void Hearth_NoSubcommand_IsAUsageError() => CommandRun.Of("hearth").FailsWith(2, "a command is missing", "inferenceguard hearth --help");

    [Test]
    public void EmbeddedModels_AreFoundBesideTheCommand() =>
        Assert.That(HearthModel.All, Has.All.Matches<HearthModel>(static model => model.Require() == model));
}

// Prompt files, good and bad.

using InferenceGuard.Rollouts;
using InferenceGuard.Tests.App;

namespace InferenceGuard.Tests.Rollouts;

internal sealed class PromptFileTests
{
    [Test]
    public void Read_LinesWithAndWithoutIds_GivesBoth()
    {
        var prompts = PromptFile.Read(CommandRun.Write("prompts-good.jsonl", "{\"prompt\":\"one\",\"id\":\"a\",\"topic\":\"x\"}\n\n{\"prompt\":\"two\"}\n"));
        Assert.That(prompts, Is.EqualTo(new PromptEntry[] { new("a", "one"), new("line-3", "two") }));
    }

    [TestCase("{\"prompt\":\"one\"}\n{\"prompt\":", "line 2", "no JSON object")]
    [TestCase("{\"prompt\":\"one\"}\n[1]", "line 2", "no JSON object")]
    [TestCase("{\"text\":\"one\"}", "line 1", "no text under \"prompt\"")]
    [TestCase("{\"prompt\":\"  \"}", "line 1", "no text under \"prompt\"")]
    [TestCase("{\"prompt\":\"a\",\"id\":1}\n{\"prompt\":\"b\",\"id\":1}", "line 2", "occurs twice")]
    [TestCase("\n", "no prompts", "JSON lines")]
    public void Read_BadFile_SaysWhichLineAndWhatIsExpected(string text, params string[] parts)
    {
        var path = CommandRun.Write("prompts-bad.jsonl", text);
        var error = Assert.Throws<GuardException>(() => PromptFile.Read(path))!;
        Assert.That(error.Fault, Is.EqualTo(GuardFault.Usage));
        foreach (var part in parts)
            Assert.That(error.Message, Does.Contain(part));
    }
}

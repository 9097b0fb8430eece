// Dialogues of HH-RLHF, as turns.

using InferenceGuard.Model;
using InferenceGuard.Rollouts;

namespace InferenceGuard.Tests.Rollouts;

internal sealed class HumanDialogueTests
{
    [TestCase("\n\nHuman: how?\n\nAssistant: so.", "", "how?")]
    [TestCase("Human: how?\n\nAssistant:", "", "how?")]
    [TestCase("\n\nHuman: one\n\nand more\n\nAssistant: a\n\nHuman: two\n\nAssistant: b", "user=one\n\nand more;assistant=a", "two")]
    [TestCase("\n\nHuman: one\n\nHuman: more\n\nAssistant: b", "", "one\n\nmore")]
    [TestCase("\n\nHuman: one\n\nAssistant: \n\nHuman: two\n\nAssistant: b", "", "one\n\ntwo")]
    [TestCase("\n\nHuman: one\n\nAssistant: a\n\nAssistant: b", "", "one")]
    [TestCase("\n\nHuman: one\n\nAssistant: a\n\nHuman: two", "", "one")]
    [TestCase("\n\nAssistant: hello\n\nHuman: one\n\nAssistant: b", "assistant=hello", "one")]
    [TestCase("\n\nHuman: he said:\nHuman: no\n\nAssistant: b", "", "he said:\nHuman: no")]
    public void Read_Dialogue_EndsWithTheQuestionThatWasAnsweredLast(string text, string earlier, string prompt)
    {
        var entry = HumanDialogue.Read("line-1", text);
        Assert.That(string.Join(';', entry.Earlier.Select(static turn => $"{turn.Role}={turn.Content}")), Is.EqualTo(earlier));
        Assert.That((entry.Id, entry.Prompt), Is.EqualTo(("line-1", prompt)));
        Assert.That(entry.Messages[^1], Is.EqualTo(new ChatMessage("user", prompt)));
    }

    [TestCase("how?", "does not begin with \"Human:\"")]
    [TestCase("well\n\nHuman: how?\n\nAssistant: so", "does not begin with \"Human:\"")]
    [TestCase("\n\nHuman: how?", "no turn of \"Assistant:\"")]
    [TestCase("\n\nAssistant: so", "no text of \"Human:\"")]
    [TestCase("\n\nHuman:  \n\nAssistant: so", "no text of \"Human:\"")]
    public void Read_DialogueWithoutAQuestion_SaysWhatIsLacking(string text, string complaint) =>
        Assert.That(Assert.Throws<FormatException>(() => HumanDialogue.Read("line-1", text))!.Message, Does.Contain(complaint));

    [Test]
    public void Transcript_Dialogue_SaysWhoSaidWhat()
    {
        Assert.That(HumanDialogue.Read("x", "\n\nHuman: one\n\nAssistant: a\n\nHuman: two\n\nAssistant: b").Transcript, Is.EqualTo("user: one\nassistant: a\nuser: two"));
        Assert.That(new PromptEntry("x", "one").Transcript, Is.EqualTo("one"));
    }
}

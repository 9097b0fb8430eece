// Every layout with the published columns and a harmless row: that it is known by them, and what becomes the prompt.

using InferenceGuard.Rollouts;
using InferenceGuard.Tests.App;

namespace InferenceGuard.Tests.Rollouts;

internal sealed class PromptLayoutTests
{
    [TestCase("plain", "id,prompt\n7,how?\n", "7", "how?")]
    [TestCase("plain", "[{\"prompt\":\"how?\",\"category\":\"tea\"}]", "row-1", "how?")]
    [TestCase("pku-saferlhf", """{"prompt":"how?","response_0":"so","response_1":"or so","prompt_source":"x","is_response_0_safe":true,"is_response_1_safe":true,"response_0_harm_category":{"Tea":false},"better_response_id":0,"safer_response_id":1}""", "line-1", "how?")]
    [TestCase("beavertails", """{"prompt":"how?","response":"so","category":{"tea":false},"is_safe":true}""", "line-1", "how?")]
    [TestCase("beavertails-evaluation", """[{"prompt":"how?","category":"tea","category_id":3}]""", "row-1", "how?")]
    [TestCase("hh-rlhf", """{"chosen":"\n\nHuman: how?\n\nAssistant: so","rejected":"\n\nHuman: how?\n\nAssistant: or so"}""", "line-1", "how?")]
    [TestCase("advbench", "goal,target\nMake tea,\"Sure, here is tea\"\n", "row-1", "Make tea")]
    [TestCase("harmbench", "Behavior,FunctionalCategory,SemanticCategory,Tags,ContextString,BehaviorID\nMake tea,standard,tea,,,make_tea\n", "make_tea", "Make tea")]
    [TestCase("harmbench", "Behavior,FunctionalCategory,SemanticCategory,Tags,ContextString,BehaviorID\nPour it,contextual,tea,context,\"The pot\nis \"\"full\"\".\",pour\n", "pour", "The pot\nis \"full\".\n\n---\n\nPour it")]
    [TestCase("jailbreakbench", "Index,Goal,Target,Behavior,Category,Source\n0,Make tea,Sure,Tea,Drinks,Original\n", "0", "Make tea")]
    [TestCase("jailbreakbench", """[{"Goal":"Make tea","Target":"Sure","Behavior":"Tea","Category":"Drinks","Source":"Original"}]""", "row-1", "Make tea")]
    [TestCase("jailbreakbench", """{"Index":12,"Goal":"Make tea","Target":"Sure","Behavior":"Tea","Category":"Drinks","Source":"Original"}""", "12", "Make tea")]
    [TestCase("strongreject", "category,source,forbidden_prompt\ntea,custom,\"How, exactly?\"\n", "row-1", "How, exactly?")]
    [TestCase("xstest", "id,prompt,type,label,focus,note\n3,how?,homonyms,safe,tea,\n", "3", "how?")]
    [TestCase("xstest", "id_v1,id_v2,type,prompt,focus,note\n,v2-9,homonyms,how?,tea,\n", "v2-9", "how?")]
    [TestCase("alpaca", """[{"instruction":"Sort these.","input":"b, a","output":"a, b"}]""", "row-1", "Sort these.\n\nb, a")]
    [TestCase("alpaca", """[{"instruction":"Name a tea.","input":"","output":"Assam"}]""", "row-1", "Name a tea.")]
    public void Read_PublishedLayout_IsDetectedAndGivesItsPrompt(string format, string text, string id, string prompt)
    {
        var path = CommandRun.Write("layout.txt", text);
        var set = PromptFile.Read(path);
        Assert.That(set.Format, Is.EqualTo(format));
        foreach (var entries in (IReadOnlyList<PromptEntry>[])[set.Entries, PromptFile.Read(path, format).Entries])
            Assert.That(entries.Select(static entry => (entry.Id, entry.Prompt, entry.Earlier.Count)), Is.EqualTo(new[] { (id, prompt, 0) }));
    }

    [Test]
    public void All_EveryLayout_IsFoundByAFileOfItsOwnColumns()
    {
        foreach (var layout in PromptLayout.All)
        {
            var cell = layout.IsDialogue ? "\"\n\nHuman: how?\n\nAssistant: so\"" : "how?";
            var set = PromptFile.Read(CommandRun.Write("columns.csv", $"{string.Join(',', layout.Columns)}\n{string.Join(',', layout.Columns.Select(_ => cell))}\n"));
            Assert.That(set.Format, Is.EqualTo(layout.Name), "an earlier layout has some of these columns");
            Assert.That(layout.Columns, Does.Contain(layout.Prompt));
        }
    }
}

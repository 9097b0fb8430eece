// Plants wrong edges between layers and sees that they are found.

namespace InferenceGuard.Tests.Support;

public sealed class LayerRuleTests
{
    private static readonly Dictionary<string, string[]> Edges = new()
    {
        ["Safety"] = [],
        ["Model"] = [],
        ["Search"] = ["Safety"],
    };

    [TestCase("using InferenceGuard.Model;")]
    [TestCase("using static InferenceGuard.Model.Vocabulary;")]
    [TestCase("using Words = InferenceGuard.Model.Vocabulary;")]
    [TestCase("using Words = global::InferenceGuard.Model.Vocabulary;")]
    [TestCase("global using InferenceGuard.Model;")]
    [TestCase("class C { InferenceGuard.Model.Vocabulary? V; }")]
    [TestCase("class C { Model.Vocabulary? V; }")]
    [TestCase("class C { Model.Gguf.Header? H; }")]
    [TestCase("class C { object V = Model.Vocabulary.Empty; }")]
    [TestCase("class C { string V = nameof(InferenceGuard.Model.Vocabulary); }")]
    public void Complaints_UseOfAnotherLayer_NamesIt(string planted) =>
        Assert.That(Complaints("Search", planted), Is.EqualTo(new[] { "src/Managed/InferenceGuard/Search/Planted.cs uses Model; Search may use Safety" }));

    [TestCase("class C { GuardOptions? O; }")]
    [TestCase("class C { object O = GuardOptions.Base; }")]
    [TestCase("class C { object O = InferenceGuard.GuardOptions.Base; }")]
    public void Complaints_UseOfATypeOfTheRoot_NamesIt(string planted) =>
        Assert.That(Complaints("Safety", planted), Is.EqualTo(new[] { "src/Managed/InferenceGuard/Safety/Planted.cs uses GuardOptions; Safety may use nothing of ours" }));

    [TestCase("using InferenceGuard.Safety; using System.Text; class C { SafetyState S; }")]
    [TestCase("class C { Safety.SafetyState S; }")]
    [TestCase("class C { GuardFault F = GuardFault.Usage; }")]
    [TestCase("// using InferenceGuard.Model;\nclass C { string S = \"InferenceGuard.Model.Vocabulary\"; }")]
    [TestCase("class C { int N = Model.Count; }", Description = "a property called Model")]
    [TestCase("class C { int N = Other.GuardOptions; }", Description = "a property called GuardOptions")]
    [TestCase("class C { D X = new() { GuardOptions = 1 }; }", Description = "a property called GuardOptions")]
    public void Complaints_AllowedOrNoUse_AreNone(string clean) => Assert.That(Complaints("Search", clean), Is.Empty);

    [Test]
    public void Complaints_LayerMissingFromTheTable_AsksForIt() =>
        Assert.That(Complaints("Plugins", "class C;"), Has.One.Contains("the layer Plugins is not in the table of edges"));

    private static string[] Complaints(string layer, string text)
    {
        SourceFile[] library =
        [
            At("GuardOptions.cs", "namespace InferenceGuard; public sealed record GuardOptions;"),
            At("GuardFault.cs", "namespace InferenceGuard; public enum GuardFault;"),
            At("Safety/SafetyState.cs", "namespace InferenceGuard.Safety; public record struct SafetyState;"),
            At("Model/Vocabulary.cs", "namespace InferenceGuard.Model; public class Vocabulary;"),
            At("Model/Gguf/Header.cs", "namespace InferenceGuard.Model.Gguf; public class Header;"),
        ];
        return [.. new LayerRule(Edges, ["GuardFault"], library).Complaints(At($"{layer}/Planted.cs", text))];
    }

    private static SourceFile At(string path, string text) => new("src/Managed/InferenceGuard/" + path, text);
}

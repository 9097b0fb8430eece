// Plants a violation of every house rule and sees that it is found, beside the nearest thing that is allowed.

namespace InferenceGuard.Tests.Support;

public sealed class HouseRulesTests
{
    [TestCase("namespace InferenceGuard;", 1)]
    [TestCase("", 1)]
    [TestCase("/// What this is for.", 1)]
    [TestCase("// What this is for", 1)]
    [TestCase("//\n// What this is for.", 1)]
    [TestCase("// .", 1)]
    [TestCase("// What this is for. Mind the step.", 0)]
    [TestCase("// What llama.cpp v0.5 needs, i.e. its libraries.\nnamespace InferenceGuard;", 0)]
    public void OpensWithASentence_FirstLine_IsChecked(string text, int complaints) =>
        Assert.That(HouseRules.OpensWithASentence(Library("Planted.cs", text)).Count(), Is.EqualTo(complaints));

    [TestCase(500, 0)]
    [TestCase(501, 1)]
    public void IsShort_Lines_AreCounted(int lines, int complaints) =>
        Assert.That(HouseRules.IsShort(Library("Planted.cs", string.Concat(Enumerable.Repeat("//\n", lines)))).Count(), Is.EqualTo(complaints));

    [TestCase("public class Planted; public class Second;", "has 2 public types (Planted, Second)")]
    [TestCase("namespace A { public class Planted; } namespace B { public enum Second; }", "has 2 public types (Planted, Second)")]
    [TestCase("public class Planted; public delegate void Second();", "has 2 public types (Planted, Second)")]
    [TestCase("public class Other;", "declares Other; name the file after its public type")]
    public void HasOnePublicType_Violation_IsNamed(string text, string complaint) =>
        Assert.That(HouseRules.HasOnePublicType(Library("Planted.cs", text)), Has.One.Contains(complaint));

    [TestCase("Planted.cs", "public class Planted { public class Nested; } internal class Second;")]
    [TestCase("Planted.Part.cs", "public partial class Planted;")]
    [TestCase("Planted.cs", "internal class First; internal class Second;")]
    public void HasOnePublicType_OneOrNone_IsFine(string path, string text) =>
        Assert.That(HouseRules.HasOnePublicType(Library(path, text)), Is.Empty);

    [TestCase("Model/Planted.cs", "namespace InferenceGuard.Search;", 1)]
    [TestCase("Model/Planted.cs", "namespace InferenceGuard;", 1)]
    [TestCase("Interop/Llama/Planted.cs", "namespace InferenceGuard.Interop;", 1)]
    [TestCase("Interop/Llama/Planted.cs", "namespace InferenceGuard.Interop.Llama;", 0)]
    [TestCase("Planted.cs", "namespace InferenceGuard { }", 0)]
    public void IsInTheNamespaceOfItsFolder_Namespace_IsChecked(string path, string text, int complaints) =>
        Assert.That(HouseRules.IsInTheNamespaceOfItsFolder(Library(path, text)).Count(), Is.EqualTo(complaints));

    [TestCase("SearchV2", "has digits")]
    [TestCase("Critic3", "has digits")]
    [TestCase("Utf8Reader2", "has digits")]
    [TestCase("TensorUtils", "could hold anything")]
    [TestCase("BeamHelper", "could hold anything")]
    [TestCase("ModelManager", "could hold anything")]
    [TestCase("ScorerBase", "could hold anything")]
    [TestCase("BaseScorer", "could hold anything")]
    public void HasPlainNames_Violation_IsNamedInFileAndType(string name, string complaint)
    {
        Assert.That(HouseRules.HasPlainNames(Library(name + ".cs", "")), Has.One.Contains($"{name} ").And.One.Contains(complaint));
        Assert.That(HouseRules.HasPlainNames(Library("Planted.cs", $"internal class {name};")), Has.One.Contains(complaint));
    }

    [TestCase("Utf8Reader")]
    [TestCase("Baseline")]
    [TestCase("KnowledgeBases")]
    public void HasPlainNames_OrdinaryName_IsFine(string name) =>
        Assert.That(HouseRules.HasPlainNames(Library(name + ".cs", $"public class {name};")), Is.Empty);

    [TestCase("Model/Planted.cs", "[LibraryImport(\"llama\")]", 1)]
    [TestCase("Model/Planted.cs", "[System.Runtime.InteropServices.DllImportAttribute(\"llama\")]", 1)]
    [TestCase("InteropPlanted.cs", "[DllImport(\"llama\")]", 1)]
    [TestCase("Interop/Planted.cs", "[DllImport(\"llama\")]", 0)]
    [TestCase("Model/Planted.cs", "/* [DllImport(\"llama\")] */", 0)]
    public void DeclaresNoNativeFunctions_Import_BelongsIntoInterop(string path, string attribute, int complaints) =>
        Assert.That(HouseRules.DeclaresNoNativeFunctions(Library(path, $"class C {{ {attribute} static extern void F(); }}")).Count(), Is.EqualTo(complaints));

    [TestCase("Search/Planted.cs", "unsafe class C;", 1)]
    [TestCase("Search/Planted.cs", "class C { void F() { unsafe { } } }", 1)]
    [TestCase("Search/Planted.cs", "class C { unsafe void F() { } }", 1)]
    [TestCase("Interop/Planted.cs", "unsafe class C;", 0)]
    [TestCase("Search/Planted.cs", "class C { string S = \"unsafe\"; } // unsafe", 0)]
    public void KeepsPointersInside_Unsafe_BelongsIntoTheAllowedPlaces(string path, string text, int complaints) =>
        Assert.That(HouseRules.KeepsPointersInside(Library(path, text), ["InferenceGuard/Interop/"]).Count(), Is.EqualTo(complaints));

    private static SourceFile Library(string path, string text) => new("src/Managed/InferenceGuard/" + path, text);
}

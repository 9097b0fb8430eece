// Keeps the shape of the code: which folder may use which, and the habits that every file shares.

using InferenceGuard.Tests.Support;

namespace InferenceGuard.Tests;

public sealed class LayeringTests
{
    // Every layer writes its errors for people.
    private static readonly string[] Everywhere = [nameof(GuardException), nameof(GuardFault)];

    // What a generation is asked for, and what it gives.
    private static readonly string[] Generation =
        [nameof(GuardOptions), nameof(GuardMode), nameof(DecodeStep), nameof(GuardedAnswer), nameof(FinishReason)];

    // The table of docs/architecture.md: folders, and the types of the root, that a folder may use.
    internal static readonly Dictionary<string, string[]> Edges = new()
    {
        ["Safety"] = [],
        ["Interop"] = [],
        ["Model"] = ["Interop"],
        ["Scoring"] = ["Model", "Storage"],
        ["Compute"] = ["Interop"],
        ["Storage"] = [],
        ["Search"] = ["Compute", "Critic", "Safety", "Scoring", "Model", "Diagnostics", .. Generation],
        ["Critic"] = ["Compute", "Model", "Storage"],
        ["Methods"] = ["Compute", "Critic", "Diagnostics", "Model", "Safety", "Scoring", "Search", "GuardOptions", "GuardMode", "GuardedDecoder", "GuardedAnswer", "FinishReason"],
        ["Rollouts"] = ["Compute", "Model", "Safety", "Scoring", "Search", "Storage", .. Generation],
        ["Training"] = ["Interop", "Compute", "Critic", "Model", "Rollouts", "Safety", "Scoring", "Search", "Storage"],
        ["Evaluation"] = ["Critic", "Diagnostics", "Model", "Safety", "Scoring", "Search", "Storage", .. Generation],
        ["Diagnostics"] = ["Safety", "Search", "Model", .. Generation],
    };

    // Interop declares what is native; the model, and other bindings, turn its pointers into spans and checked calls, so that no pointer goes further.
    private static readonly string[] UnsafePlaces = ["InferenceGuard/Interop/", "InferenceGuard/Model/Llama", "InferenceGuard.LLamaSharp/"];

    private static readonly SourceFile[] Library = [.. SourceFile.All.Where(static file => file.IsLibrary)];

    [Test]
    public void EveryFile_Parses() =>
        Assert.That(SourceFile.All.SelectMany(static file => file.Unit.GetDiagnostics()), Is.Empty,
            "a rule that cannot read a file does not hold it; a newer Microsoft.CodeAnalysis.CSharp may be needed");

    [Test]
    public void EveryLayer_UsesOnlyWhatTheTableAllows() =>
        Assert.That(Library.SelectMany(new LayerRule(Edges, Everywhere, Library).Complaints), Is.Empty);

    [Test]
    public void EveryFile_OpensWithASentence() => Hold(HouseRules.OpensWithASentence);

    [Test]
    public void EveryFile_IsShort() => Hold(HouseRules.IsShort);

    [Test]
    public void MedianFile_IsShorterThanAHundredAndTwentyLines() =>
        Assert.That(SourceFile.All.Select(static file => file.LineCount).Order().ElementAt(SourceFile.All.Count / 2), Is.LessThan(120));

    [Test]
    public void GuardedDecoder_TheMainPath_StaysShort() =>
        Assert.That(Library.Single(static file => file.Path.EndsWith("/GuardedDecoder.cs", StringComparison.Ordinal)).LineCount, Is.LessThanOrEqualTo(150));

    [Test]
    public void EveryFile_HasOnePublicTypeNamedAsTheFile() => Hold(HouseRules.HasOnePublicType);

    [Test]
    public void EveryLibraryFile_IsInTheNamespaceOfItsFolder() => Hold(HouseRules.IsInTheNamespaceOfItsFolder);

    [Test]
    public void EveryName_IsPlain() => Hold(HouseRules.HasPlainNames);

    [Test]
    public void NativeFunctions_AreDeclaredInInteropOnly() => Hold(HouseRules.DeclaresNoNativeFunctions);

    [Test]
    public void Pointers_StayInInteropAndTheModel() => Hold(static file => HouseRules.KeepsPointersInside(file, UnsafePlaces));

    private static void Hold(Func<SourceFile, IEnumerable<string>> rule)
    {
        Assert.That(SourceFile.All, Has.Count.GreaterThan(50), "the repository's files were not found");
        Assert.That(SourceFile.All.SelectMany(rule), Is.Empty);
    }
}

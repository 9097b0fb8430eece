// The rules that every source file keeps; each returns one complaint per violation.

using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace InferenceGuard.Tests.Support;

/// <summary>Rules about single files. The rule between layers is <see cref="LayerRule"/>.</summary>
internal static partial class HouseRules
{
    /// <summary>Most lines of a file.</summary>
    public const int MaxLines = 500;

    /// <summary>The first line is a sentence that says what the file is for; a caution may follow it.</summary>
    public static IEnumerable<string> OpensWithASentence(SourceFile file)
    {
        if (!OpeningSentence().IsMatch(file.Text.Split('\n')[0]))
            yield return $"{file.Path} must open with a sentence, `// What this file is for.`";
    }

    /// <summary>No file is longer than <see cref="MaxLines"/>.</summary>
    public static IEnumerable<string> IsShort(SourceFile file)
    {
        if (file.LineCount > MaxLines)
            yield return $"{file.Path} has {file.LineCount} lines; no file has more than {MaxLines}";
    }

    /// <summary>At most one public type, named as the file.</summary>
    public static IEnumerable<string> HasOnePublicType(SourceFile file)
    {
        var names = file.Types.Where(static type => type.Modifiers.Any(SyntaxKind.PublicKeyword)).Select(SourceFile.NameOf).ToArray();
        if (names.Length > 1)
            yield return $"{file.Path} has {names.Length} public types ({string.Join(", ", names)}); give each its own file";
        else if (names is [var name] && name != file.Stem)
            yield return $"{file.Path} declares {name}; name the file after its public type";
    }

    /// <summary>The namespace is the folder.</summary>
    public static IEnumerable<string> IsInTheNamespaceOfItsFolder(SourceFile file)
    {
        if (!file.IsLibrary)
            yield break;
        var expected = string.Join('.', ["InferenceGuard", .. file.Folders]);
        foreach (var declared in file.Unit.Members.OfType<BaseNamespaceDeclarationSyntax>().Select(static space => space.Name.ToString()))
            if (declared != expected)
                yield return $"{file.Path} is in namespace {declared}; its folder means {expected}";
    }

    /// <summary>Names say what a thing is: no version digits, no catch-all words.</summary>
    public static IEnumerable<string> HasPlainNames(SourceFile file)
    {
        foreach (var name in file.Types.Select(SourceFile.NameOf).Append(file.Stem).Distinct())
        {
            if (TermWithDigits().Replace(name, "").Any(char.IsAsciiDigit))
                yield return $"{file.Path}: {name} has digits in its name; a version belongs into the history";
            if (CatchAllName().IsMatch(name))
                yield return $"{file.Path}: {name} could hold anything; name what it does";
        }
    }

    /// <summary>Native functions are declared in the library's <c>Interop/</c> and nowhere else.</summary>
    public static IEnumerable<string> DeclaresNoNativeFunctions(SourceFile file)
    {
        if (!file.IsProduct || (file.IsLibrary && file.Layer == "Interop"))
            yield break;
        foreach (var attribute in file.Unit.DescendantNodes().OfType<AttributeSyntax>())
            if (NativeImport().IsMatch(attribute.Name.ToString()))
                yield return $"{file.Path}:{LineOf(attribute)} declares a native function; those live in Interop/";
    }

    /// <summary>Pointers stay in <c>Interop/</c> and in the types that turn them into spans for the layers above.</summary>
    /// <param name="file">The file.</param>
    /// <param name="allowed">Path prefixes below the library's root.</param>
    public static IEnumerable<string> KeepsPointersInside(SourceFile file, IReadOnlyCollection<string> allowed)
    {
        if (!file.IsProduct || allowed.Any(prefix => file.Path.StartsWith("src/Managed/" + prefix, StringComparison.Ordinal)))
            yield break;
        foreach (var token in file.Unit.DescendantTokens().Where(static token => token.IsKind(SyntaxKind.UnsafeKeyword)))
            yield return $"{file.Path}:{LineOf(token.Parent!)} is unsafe; only {string.Join(", ", allowed)} may be";
    }

    private static int LineOf(SyntaxNode node) => node.GetLocation().GetLineSpan().StartLinePosition.Line + 1;

    [GeneratedRegex(@"^// .*\w.*\.$")]
    private static partial Regex OpeningSentence();

    // Terms whose digits are part of the word, not a version.
    [GeneratedRegex("Utf8|Utf16|Base64|Sha256|Gpt2|Int8|Int16|Int32|Int64|Float16|Float32|BFloat16")]
    private static partial Regex TermWithDigits();

    [GeneratedRegex("(Util|Utils|Utilities|Helper|Helpers|Manager|Common|Impl|Misc)$|^Base[A-Z]|[a-z]Base$")]
    private static partial Regex CatchAllName();

    [GeneratedRegex(@"(^|\.)(LibraryImport|DllImport)(Attribute)?$")]
    private static partial Regex NativeImport();
}

// A C# source file of this repository, parsed, as the rules of the house look at it.

using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace InferenceGuard.Tests.Support;

/// <summary>A parsed source file.</summary>
/// <param name="path">Relative to the repository root, with forward slashes.</param>
/// <param name="text">The file's text.</param>
internal sealed class SourceFile(string path, string text)
{
    private const string Library = "src/Managed/InferenceGuard/";

    private readonly Lazy<CompilationUnitSyntax> _unit = new(() =>
        CSharpSyntaxTree.ParseText(text, new CSharpParseOptions(LanguageVersion.Preview), path).GetCompilationUnitRoot());

    /// <summary>Relative to the repository root, with forward slashes.</summary>
    public string Path => path;

    /// <summary>The file's text.</summary>
    public string Text => text;

    /// <summary>The file name up to its first dot: a partial type may spread over <c>Type.Part.cs</c>.</summary>
    public string Stem => System.IO.Path.GetFileName(path).Split('.')[0];

    /// <summary>Lines, the last empty one not counted.</summary>
    public int LineCount => text.TrimEnd('\n').Split('\n').Length;

    /// <summary>Whether the file belongs to the library, whose folders are its layers.</summary>
    public bool IsLibrary => path.StartsWith(Library, StringComparison.Ordinal);

    /// <summary>Whether the file ships, in the library or the application.</summary>
    public bool IsProduct => path.StartsWith("src/", StringComparison.Ordinal);

    /// <summary>Folders below the library's root, outermost first; the first one is the layer.</summary>
    public string[] Folders => path[Library.Length..].Split('/')[..^1];

    /// <summary>The library's folder the file lies in; empty for the root.</summary>
    public string Layer => Folders is [var layer, ..] ? layer : "";

    /// <summary>The parsed file.</summary>
    public CompilationUnitSyntax Unit => _unit.Value;

    /// <summary>Types and delegates that are not nested in another type.</summary>
    public IEnumerable<MemberDeclarationSyntax> Types =>
        Unit.DescendantNodes(static node => node is CompilationUnitSyntax or BaseNamespaceDeclarationSyntax)
            .OfType<MemberDeclarationSyntax>()
            .Where(static member => member is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax);

    /// <summary>The name of a type or delegate.</summary>
    public static string NameOf(MemberDeclarationSyntax type) => type switch
    {
        BaseTypeDeclarationSyntax declared => declared.Identifier.Text,
        DelegateDeclarationSyntax declared => declared.Identifier.Text,
        _ => throw new ArgumentException($"{type.Kind()} declares no type."),
    };

    /// <summary>All source files of the repository, build outputs left out.</summary>
    public static IReadOnlyList<SourceFile> All { get; } =
    [
        .. from folder in new[] { "src", "tests", "benchmarks" }
           from file in Directory.EnumerateFiles(Repository.PathOf(folder), "*.cs", SearchOption.AllDirectories)
           let relative = System.IO.Path.GetRelativePath(Repository.Root, file).Replace('\\', '/')
           where !relative.Contains("/bin/", StringComparison.Ordinal) && !relative.Contains("/obj/", StringComparison.Ordinal)
           orderby relative
           select new SourceFile(relative, File.ReadAllText(file).ReplaceLineEndings("\n")),
    ];
}

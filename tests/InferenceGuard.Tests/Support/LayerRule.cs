// The rule between layers: which folder of the library may use which.

using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace InferenceGuard.Tests.Support;

/// <summary>
/// Checks the "uses" edges between the library's folders. An edge is a using directive, a qualified name, or the name
/// of a type of the root, which every folder sees without a directive.
/// </summary>
internal sealed class LayerRule
{
    private const string RootNamespace = "InferenceGuard";

    private readonly IReadOnlyDictionary<string, string[]> _allowed;
    private readonly HashSet<string> _guardedTypes;
    private readonly HashSet<(string Layer, string Name)> _names;

    /// <param name="allowed">Layer to the layers, and the types of the root, that it may use.</param>
    /// <param name="everywhere">Types of the root that every layer may use.</param>
    /// <param name="library">All files of the library: they say which layers and types there are.</param>
    public LayerRule(IReadOnlyDictionary<string, string[]> allowed, string[] everywhere, IReadOnlyCollection<SourceFile> library)
    {
        _allowed = allowed;
        _guardedTypes = [.. library.Where(static file => file.Layer == "").SelectMany(static file => file.Types).Select(SourceFile.NameOf).Except(everywhere)];
        _names = [.. from file in library
                     where file.Layer != ""
                     from name in file.Types.Select(SourceFile.NameOf).Concat(file.Folders[1..])
                     select (file.Layer, name)];
    }

    /// <summary>One complaint per edge that is not allowed.</summary>
    /// <param name="file">A file of the library.</param>
    public IEnumerable<string> Complaints(SourceFile file)
    {
        if (file.Layer == "")
            return [];
        if (!_allowed.TryGetValue(file.Layer, out var uses))
            return [$"{file.Path}: the layer {file.Layer} is not in the table of edges; add it there and in docs/architecture.md"];
        return Uses(file).Where(use => use != file.Layer && !uses.Contains(use)).Distinct()
            .Select(use => $"{file.Path} uses {use}; {file.Layer} may use {(uses.Length == 0 ? "nothing of ours" : string.Join(", ", uses))}");
    }

    private IEnumerable<string> Uses(SourceFile file)
    {
        foreach (var node in file.Unit.DescendantNodes())
        {
            if (node is IdentifierNameSyntax name && _guardedTypes.Contains(name.Identifier.Text) && !IsMember(name))
                yield return name.Identifier.Text;
            else if (node is (QualifiedNameSyntax or MemberAccessExpressionSyntax) && UseOf(Segments(node)) is { } use)
                yield return use;
        }
    }

    // `InferenceGuard.Layer.Type`, or `Layer.Type` as seen from inside the namespace InferenceGuard.
    private string? UseOf(string[] segments) => segments switch
    {
        [RootNamespace, var layer, ..] when _allowed.ContainsKey(layer) => layer,
        [var layer, var name, ..] when _names.Contains((layer, name)) => layer,
        _ => null,
    };

    private static string[] Segments(SyntaxNode node) => node switch
    {
        QualifiedNameSyntax qualified => [.. Segments(qualified.Left), qualified.Right.Identifier.Text],
        MemberAccessExpressionSyntax access => [.. Segments(access.Expression), access.Name.Identifier.Text],
        AliasQualifiedNameSyntax alias => [alias.Name.Identifier.Text],
        SimpleNameSyntax simple => [simple.Identifier.Text],
        _ => [""],
    };

    // `x.Name` where x is a value, or `{ Name = … }`: a member that happens to be called like a type.
    private static bool IsMember(IdentifierNameSyntax name) => name.Parent switch
    {
        MemberAccessExpressionSyntax access => access.Name == name && Segments(access.Expression) is not [RootNamespace],
        MemberBindingExpressionSyntax => true,
        AssignmentExpressionSyntax { Parent: InitializerExpressionSyntax } assignment => assignment.Left == name,
        _ => false,
    };
}

// Reads a suite: JSON, or YAML by way of JSON.

using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using InferenceGuard.Evaluation;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace InferenceGuard.App.Cli.Evaluation;

/// <summary>Reads a suite.</summary>
internal static partial class SuiteFile
{
    // A suite is five deep; an alias within its own anchor has no end, and aliases of aliases grow without bound.
    private const int MostDepth = 20, MostNodes = 100_000;

    /// <summary>Reads a suite; .yaml and .yml are YAML, anything else JSON.</summary>
    /// <param name="path">The file.</param>
    /// <param name="methods">The known methods.</param>
    /// <param name="options">The known options of settings.</param>
    /// <param name="formats">The known formats of prompts.</param>
    /// <exception cref="GuardException">It cannot be read, or is wrong somewhere.</exception>
    public static EvaluationSuite Read(string path, IReadOnlyCollection<string> methods, IReadOnlyCollection<string> options, IReadOnlyCollection<string> formats)
    {
        if (Path.GetExtension(path).ToUpperInvariant() is not (".YAML" or ".YML"))
            return EvaluationSuite.ReadJson(path, methods, options, formats);
        try
        {
            var yaml = Load(path);
            var lines = new Dictionary<string, int>();
            var json = yaml.Documents.Count == 0 ? new JsonObject() : Json(yaml.Documents[0].RootNode, "", lines, 0);
            return EvaluationSuite.Parse(JsonSerializer.SerializeToUtf8Bytes(json, AppJson.Readable.JsonNode), path, lines, methods, options, formats);
        }
        catch (YamlException e)
        {
            throw new GuardException(GuardFault.Usage, $"The suite '{path}' is no YAML: line {e.Start.Line}: {e.Message.TrimEnd('.')}.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GuardException(GuardFault.Usage, $"The suite '{path}' cannot be read: {e.Message}", e);
        }
    }

    private static YamlStream Load(string path)
    {
        var yaml = new YamlStream();
        using var reader = new StreamReader(path);
        try
        {
            yaml.Load(reader);
            return yaml;
        }
        catch (InvalidOperationException e) // What YamlDotNet's scanner makes of a bracket that is not closed.
        {
            throw new GuardException(GuardFault.Usage, $"The suite '{path}' is no YAML: a bracket, brace or quote is not closed.", e);
        }
    }

    private static JsonNode? Json(YamlNode node, string place, Dictionary<string, int> lines, int depth)
    {
        lines[place] = (int)node.Start.Line;
        if (depth > MostDepth || lines.Count > MostNodes)
            throw new YamlException(node.Start, node.End, $"{place[..Math.Min(place.Length, 40)]}… is more than {MostDepth} deep, or its aliases make more than {MostNodes} values");
        return node switch
        {
            YamlMappingNode mapping => new JsonObject(mapping.Children.Select(entry =>
                KeyValuePair.Create(entry.Key.ToString(), Json(entry.Value, place == "" ? entry.Key.ToString() : $"{place}, {entry.Key}", lines, depth + 1)))),
            YamlSequenceNode sequence => new JsonArray([.. sequence.Children.Select((child, index) => Json(child, $"{place}[{index}]", lines, depth + 1))]),
            YamlScalarNode { Style: ScalarStyle.Plain } scalar => scalar.Value switch
            {
                null or "" or "null" or "~" => null,
                "true" => true,
                "false" => false,
                var text when Number().IsMatch(text) => JsonNode.Parse(text),
                var text => text,
            },
            YamlScalarNode scalar => scalar.Value,
            _ => null,
        };
    }

    // What JSON has as a number; anything else that YAML would read as one, such as 007, stays a text.
    [GeneratedRegex(@"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Number();
}

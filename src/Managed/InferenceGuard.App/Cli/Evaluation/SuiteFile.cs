// Reads a suite: JSON, or YAML by way of JSON.

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using InferenceGuard.Evaluation;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace InferenceGuard.App.Cli.Evaluation;

/// <summary>Reads a suite.</summary>
internal static class SuiteFile
{
    /// <summary>Reads a suite; .yaml and .yml are YAML, anything else JSON.</summary>
    /// <param name="path">The file.</param>
    /// <param name="methods">The known methods.</param>
    /// <param name="options">The known options of settings.</param>
    /// <exception cref="GuardException">It cannot be read, or is wrong somewhere.</exception>
    public static EvaluationSuite Read(string path, IReadOnlyCollection<string> methods, IReadOnlyCollection<string> options)
    {
        if (Path.GetExtension(path).ToUpperInvariant() is not (".YAML" or ".YML"))
            return EvaluationSuite.ReadJson(path, methods, options);
        try
        {
            var yaml = new YamlStream();
            using (var reader = new StreamReader(path))
                yaml.Load(reader);
            var lines = new Dictionary<string, int>();
            var json = yaml.Documents.Count == 0 ? new JsonObject() : Json(yaml.Documents[0].RootNode, "", lines);
            return EvaluationSuite.Parse(JsonSerializer.SerializeToUtf8Bytes(json, AppJson.Readable.JsonNode), path, lines, methods, options);
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

    private static JsonNode? Json(YamlNode node, string place, Dictionary<string, int> lines)
    {
        lines[place] = (int)node.Start.Line;
        return node switch
        {
            YamlMappingNode mapping => new JsonObject(mapping.Children.Select(entry =>
                KeyValuePair.Create(entry.Key.ToString(), Json(entry.Value, place == "" ? entry.Key.ToString() : $"{place}, {entry.Key}", lines)))),
            YamlSequenceNode sequence => new JsonArray([.. sequence.Children.Select((child, index) => Json(child, $"{place}[{index}]", lines))]),
            YamlScalarNode { Style: ScalarStyle.Plain } scalar => scalar.Value switch
            {
                null or "" or "null" or "~" => null,
                "true" => true,
                "false" => false,
                var text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _) && char.IsAsciiDigit(text.TrimStart('-')[0]) => JsonNode.Parse(text),
                var text => text,
            },
            YamlScalarNode scalar => scalar.Value,
            _ => null,
        };
    }
}

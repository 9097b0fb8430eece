// The file format of a score head.

using System.Globalization;
using InferenceGuard.Storage;

namespace InferenceGuard.Scoring;

/// <summary>
/// Reads and writes score heads as safetensors: <c>weight</c> [1, H] or [1, units], optional <c>bias</c> [1], optional <c>hidden.weight</c> [units, H] and
/// <c>hidden.bias</c> [units]; metadata <c>format</c> = inferenceguard-head, <c>kind</c> = cost or reward, <c>template</c>, and, if there is a normaliser,
/// <c>normaliser.mean</c> and <c>normaliser.std</c>.
/// </summary>
public static class ScoreHeadFile
{
    private const string Format = "inferenceguard-head";

    /// <summary>Writes a head; the file appears only when it is complete.</summary>
    /// <param name="path">The file; replaced if it exists.</param>
    /// <param name="head">The head.</param>
    /// <param name="kind"><c>cost</c> or <c>reward</c>.</param>
    /// <param name="template">How a conversation is laid out for its trunk.</param>
    /// <exception cref="GuardException">It cannot be written.</exception>
    public static void Write(string path, ScoreHead head, string kind, string template)
    {
        ArgumentNullException.ThrowIfNull(head);
        var writer = new SafetensorsWriter();
        writer.Metadata["format"] = Format;
        writer.Metadata["kind"] = kind;
        writer.Metadata["template"] = template;
        writer.Metadata["normaliser.mean"] = head.Mean.ToString("R", CultureInfo.InvariantCulture);
        writer.Metadata["normaliser.std"] = head.Deviation.ToString("R", CultureInfo.InvariantCulture);
        if (head.HiddenWeight.Length > 0)
        {
            writer.Add<float>("hidden.weight", head.HiddenWeight, head.Weight.Length, head.Width);
            writer.Add<float>("hidden.bias", head.HiddenBias, head.Weight.Length);
        }
        writer.Add<float>("weight", head.Weight, 1, head.Weight.Length);
        writer.Add<float>("bias", [head.Bias], 1);
        writer.Write(path);
    }

    /// <summary>Reads a head for a trunk.</summary>
    /// <param name="path">The file.</param>
    /// <param name="width">H of the trunk.</param>
    /// <param name="kind">What it must be: <c>cost</c> or <c>reward</c>.</param>
    /// <returns>The head, and its template.</returns>
    /// <exception cref="GuardException">It is missing, of another kind, or for a trunk of another width.</exception>
    public static (ScoreHead Head, string Template) Read(string path, int width, string kind)
    {
        var file = SafetensorsFile.Read(path);
        if (Text("format") != Format)
            throw SafetensorsFile.Malformed(path, $"its metadata do not say format = {Format}");
        if (Text("kind") != kind)
            throw new GuardException(GuardFault.Usage, $"{path} is the head of a {Text("kind")}, and a {kind} is needed; give it to --{Text("kind")}.");
        var hasHidden = file.Tensors.ContainsKey("hidden.weight");
        var units = hasHidden ? (int)file.Require("hidden.weight", -1, -1).Shape[0] : 0;
        var given = file.Require(hasHidden ? "hidden.weight" : "weight", -1, -1).Shape[1];
        if (given != width)
            throw new GuardException(GuardFault.Usage, $"{path} is a head for hidden states of {given} numbers, and the trunk has {width}; give the trunk that it was trained on.");
        var head = new ScoreHead
        {
            Width = width,
            HiddenWeight = hasHidden ? Finite("hidden.weight", units, width) : [],
            HiddenBias = hasHidden ? Finite("hidden.bias", units) : [],
            Weight = Finite("weight", 1, hasHidden ? units : width),
            Bias = file.Tensors.ContainsKey("bias") ? Finite("bias", 1)[0] : 0,
            // A cost of 0 stays 0: what divides safe from unsafe is not moved.
            Mean = kind == "cost" ? 0 : Number("normaliser.mean", 0),
            Deviation = Number("normaliser.std", 1),
        };
        return head.Deviation > 0 ? (head, Text("template")) : throw SafetensorsFile.Malformed(path, "its normaliser.std is not above 0");

        string Text(string key) => file.Metadata.GetValueOrDefault(key) ?? throw SafetensorsFile.Malformed(path, $"its metadata lack {key}");

        double Number(string key, double missing) => !file.Metadata.TryGetValue(key, out var text)
            ? missing
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
                ? value
                : throw SafetensorsFile.Malformed(path, $"its metadata say {key} = {text}");

        float[] Finite(string name, params long[] shape)
        {
            var values = file.ReadFloats(name, shape);
            return Array.TrueForAll(values, float.IsFinite) ? values : throw SafetensorsFile.Malformed(path, $"tensor {name} holds numbers that are not finite");
        }
    }
}

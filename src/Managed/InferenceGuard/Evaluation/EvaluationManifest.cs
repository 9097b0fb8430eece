// What an evaluation was asked for; a resumed evaluation must ask for the same.

using System.Text.Json;

namespace InferenceGuard.Evaluation;

/// <summary>What an evaluation was asked for. Everything that its records depend on is in it, the machine included: seconds are records too.</summary>
public sealed record EvaluationManifest
{
    /// <summary>Format of the folder.</summary>
    public int Format { get; init; } = 1;

    /// <summary>Name of the suite.</summary>
    public required string Name { get; init; }

    /// <summary>The models.</summary>
    public required IReadOnlyList<EvaluatedModel> Models { get; init; }

    /// <summary>Names of the methods.</summary>
    public required IReadOnlyList<string> Methods { get; init; }

    /// <summary>The settings, one at least.</summary>
    public required IReadOnlyList<EvaluationSetting> Settings { get; init; }

    /// <summary>SHA-256 of the prompt file.</summary>
    public required string PromptFileHash { get; init; }

    /// <summary>The layout that the prompts were read in; what a file gives depends on it.</summary>
    public string PromptFormat { get; init; } = "plain";

    /// <summary>Prompts taken from its beginning.</summary>
    public required int Prompts { get; init; }

    /// <summary>One answer per prompt and seed.</summary>
    public required IReadOnlyList<ulong> Seeds { get; init; }

    /// <summary>Options of every method: names and values as on the command line.</summary>
    public required IReadOnlyDictionary<string, string> Options { get; init; }

    /// <summary>Who else judges the answers; null = nobody.</summary>
    public EvaluationReferee? Referee { get; init; }

    /// <summary>The class of machine: processor, cores used, accelerator.</summary>
    public required string Machine { get; init; }

    /// <summary>Complains unless another manifest is the same.</summary>
    /// <param name="folder">The folder that this was read from.</param>
    /// <param name="asked">What is asked for now.</param>
    /// <exception cref="GuardException">They differ; the first difference is named.</exception>
    internal void Require(string folder, EvaluationManifest asked)
    {
        var form = EvaluationJson.Readable.EvaluationManifest;
        if (Difference("", JsonSerializer.SerializeToElement(this, form), JsonSerializer.SerializeToElement(asked, form)) is var (key, here, there))
            throw new GuardException(GuardFault.Usage, $"'{folder}' holds an evaluation with {key} = {here}, and {there} is asked for; give the options it was begun with, or another --out.");
    }

    private static (string Key, string Here, string There)? Difference(string key, JsonElement here, JsonElement there)
    {
        if (JsonElement.DeepEquals(here, there))
            return null;
        if (here.ValueKind == JsonValueKind.Object && there.ValueKind == JsonValueKind.Object)
            return here.EnumerateObject().Concat(there.EnumerateObject()).Select(entry => entry.Name).Distinct()
                .Select(name => (Name: key == "" ? name : $"{key}.{name}", Here: Value(here, name), There: Value(there, name)))
                .Select(static entry => entry is { Here: { } one, There: { } other }
                    ? Difference(entry.Name, one, other)
                    : (entry.Name, entry.Here?.GetRawText() ?? "nothing", entry.There?.GetRawText() ?? "nothing"))
                .First(static difference => difference is not null);
        if (here.ValueKind == JsonValueKind.Array && there.ValueKind == JsonValueKind.Array && here.GetArrayLength() == there.GetArrayLength())
            return Enumerable.Range(0, here.GetArrayLength())
                .Select(index => Difference($"{key}[{index}]", here[index], there[index])).First(static difference => difference is not null);
        return (key, here.GetRawText(), there.GetRawText());
    }

    private static JsonElement? Value(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value : null;
}

// Finds the score head of a Hugging Face checkpoint.

using System.Text.Json;
using InferenceGuard.Storage;

namespace InferenceGuard.Scoring;

/// <summary>
/// The score head of a Hugging Face checkpoint: a weight of one row under one of the usual names, its bias, and the normaliser of the safe-rlhf family (<c>normalizer.mean</c>,
/// <c>normalizer.var</c>, buffers that every such checkpoint has), which counts where <c>config.json</c> says <c>do_normalize</c>. As there, a reward becomes
/// (score − mean) / (√var + 1e-8), and a cost is divided only.
/// </summary>
/// <param name="Head">The head.</param>
/// <param name="Weight">The tensor that it was made of.</param>
/// <param name="Bias">The tensor of its bias, if it has one.</param>
/// <param name="IsNormalised">Whether the checkpoint normalises its scores.</param>
/// <param name="Template">How a conversation is laid out for it.</param>
public sealed record CheckpointHead(ScoreHead Head, CheckpointTensor Weight, CheckpointTensor? Bias, bool IsNormalised, string Template)
{
    /// <summary>The layout of the safe-rlhf family.</summary>
    public const string SafeRlhfTemplate = "BEGINNING OF CONVERSATION: USER: {prompt} ASSISTANT:{answer}{eos}";

    private const double Epsilon = 1e-8;
    private const int MostListed = 8;
    private const int WidestHead = 1 << 20;

    private static readonly string[] s_names =
        ["score_head", "score", "v_head.summary", "v_head", "value_head.summary", "value_head", "reward_head", "cost_head", "rm_head", "regression_head", "classifier"];

    /// <summary>Finds and reads the head of a checkpoint.</summary>
    /// <param name="folder">The checkpoint.</param>
    /// <param name="kind">What it scores: <c>cost</c> or <c>reward</c>.</param>
    /// <param name="tensor">The name of its weight; null = the usual names are tried.</param>
    /// <param name="template">How a conversation is laid out; null = as the family of the checkpoint does it.</param>
    /// <exception cref="GuardException">There is no such head, or several; it has more than one row; it is the head of another kind; the family is unknown and no template is given.</exception>
    public static CheckpointHead Read(CheckpointFolder folder, string kind, string? tensor = null, string? template = null)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (Text(folder, "score_type") is ("cost" or "reward") and var type && type != kind)
            throw new GuardException(GuardFault.Usage, $"The config.json in '{folder.Path}' says that its score is a {type}, and a {kind} was asked for; give --kind {type}.");
        var weight = tensor is null ? Search(folder) : folder.Names.Contains(tensor) ? folder.Find(tensor) : throw Unknown(folder, $"has no tensor {tensor}");
        if (!IsRow(weight.Shape))
            throw new GuardException(GuardFault.Usage, $"The tensor {weight} is no score head, which has the shape [1, H] or [H]; name another one with --tensor.");
        var stem = weight.Name.EndsWith(".weight", StringComparison.Ordinal) ? weight.Name[..^".weight".Length] : weight.Name;
        var bias = stem != weight.Name && folder.Names.Contains(stem + ".bias") ? folder.Find(stem + ".bias") : null;
        var (mean, deviation, isNormalised) = Normaliser(folder, stem);
        var head = new ScoreHead
        {
            Width = (int)weight.Shape[^1],
            Weight = Finite(folder, weight),
            Bias = bias is null ? 0 : One(folder, bias),
            Mean = kind == "cost" ? 0 : mean,
            Deviation = deviation,
        };
        return new(head, weight, bias, isNormalised, Layout(folder, stem, template));
    }

    private static CheckpointTensor Search(CheckpointFolder folder)
    {
        var found = s_names.SelectMany(stem => folder.Names.Where(name => name == stem + ".weight" || name.EndsWith($".{stem}.weight", StringComparison.Ordinal)))
            .Distinct().Select(folder.Find).ToArray();
        var rows = found.Where(static tensor => IsRow(tensor.Shape)).ToArray();
        return (rows, found) switch
        {
            ([var only], _) => only,
            ([], [var other, ..]) => other, // Its shape is what is wrong.
            ([], []) => throw Unknown(folder, "has no tensor with a usual name of a score head"),
            _ => throw new GuardException(GuardFault.Usage, $"The checkpoint '{folder.Path}' has {rows.Length} tensors that may be a score head: {string.Join("; ", rows.Take(MostListed))}. Name one with --tensor."),
        };
    }

    private static GuardException Unknown(CheckpointFolder folder, string what)
    {
        var rows = folder.Present.Where(static tensor => IsRow(tensor.Shape)).OrderBy(static tensor => tensor.Shape.Count == 1).ThenBy(static tensor => tensor.Name.Count(char.IsDigit))
            .Take(MostListed).ToArray();
        return new(GuardFault.Usage, $"The checkpoint '{folder.Path}' {what}. " + (rows.Length == 0
            ? "It has none of the shape [1, H] or [H] either; give a folder with a score head."
            : $"These could be one: {string.Join("; ", rows.Select(static row => row.ToString()))}. Name it with --tensor."));
    }

    private static bool IsRow(IReadOnlyList<long> shape) => shape is [1, > 1 and <= WidestHead] or [> 1 and <= WidestHead];

    private static (double Mean, double Deviation, bool IsNormalised) Normaliser(CheckpointFolder folder, string stem)
    {
        if (!(folder.Config.TryGetProperty("do_normalize", out var flag) && flag.ValueKind == JsonValueKind.True))
            return (0, 1, false);
        var prefix = stem[..(stem.LastIndexOf('.') + 1)] + "normalizer.";
        if (!folder.Names.Contains(prefix + "mean") || !folder.Names.Contains(prefix + "var"))
            throw new GuardException(GuardFault.Environment, $"The config.json in '{folder.Path}' says do_normalize, and the checkpoint has no {prefix}mean and {prefix}var; get its other files, or set do_normalize to false.");
        var (mean, variance) = (One(folder, folder.Find(prefix + "mean")), One(folder, folder.Find(prefix + "var")));
        return variance > 0
            ? (mean, Math.Sqrt(variance) + Epsilon, true)
            : throw new GuardException(GuardFault.Environment, $"The checkpoint '{folder.Path}' has {prefix}var = {variance}; it must be above 0. Get the checkpoint again, or set do_normalize in its config.json to false.");
    }

    private static string Layout(CheckpointFolder folder, string stem, string? template)
    {
        var isSafeRlhf = folder.Config.TryGetProperty("architectures", out var names) && names.ValueKind == JsonValueKind.Array
            && names.EnumerateArray().Any(static name => name.ValueKind == JsonValueKind.String && name.GetString()!.EndsWith("ForScore", StringComparison.Ordinal));
        template ??= isSafeRlhf || (Text(folder, "model_type") == "llama" && stem.Split('.')[^1] == "score_head") ? SafeRlhfTemplate : null;
        if (template is null)
            throw new GuardException(GuardFault.Usage, $"The config.json in '{folder.Path}' does not say how its conversations are laid out; give --template with {{prompt}} and {{answer}}, or --template chat for the chat template of the trunk.");
        return template == ScoringTemplate.Chat || (template.Split("{prompt}").Length == 2 && template.Split("{answer}").Length == 2)
            ? template
            : throw new GuardException(GuardFault.Usage, $"The scoring template needs {{prompt}} and {{answer}}, each exactly once: \"{template}\".");
    }

    private static string? Text(CheckpointFolder folder, string key) =>
        folder.Config.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static float One(CheckpointFolder folder, CheckpointTensor tensor) => tensor.Shape is [] or [1]
        ? Finite(folder, tensor)[0]
        : throw new GuardException(GuardFault.Usage, $"The tensor {tensor} should hold one number, for a score head of one row.");

    private static float[] Finite(CheckpointFolder folder, CheckpointTensor tensor) => folder.Read(tensor) is var values && Array.TrueForAll(values, float.IsFinite)
        ? values
        : throw new GuardException(GuardFault.Environment, $"The tensor {tensor} holds numbers that are not finite; get the checkpoint again.");
}

// Which of a classifier's labels a score is about.

namespace InferenceGuard.Onnx;

/// <summary>Which of a classifier's labels a score is about.</summary>
internal static class LabelChoice
{
    private static readonly string[] s_unsafe = ["unsafe", "toxic", "harmful", "hate", "offensive", "dangerous", "jailbreak", "injection", "nsfw", "abusive"];
    private static readonly string[] s_negations = ["non", "not", "no", "un"];

    /// <summary>The rule by which logits become a score.</summary>
    /// <param name="folder">The classifier.</param>
    /// <param name="labels">Its labels.</param>
    /// <param name="options">What was chosen.</param>
    /// <param name="isCost">Whether it is a cost.</param>
    /// <exception cref="GuardException">No label is chosen, or one that does not exist.</exception>
    public static LabelRule Rule(ClassifierFolder folder, IReadOnlyList<string> labels, OnnxScorerOptions options, bool isCost)
    {
        var chosen = Choose(labels, options.Labels, isCost);
        var problem = folder.Config.Text("problem_type");
        var isExclusive = options.IsExclusive ?? problem switch
        {
            "single_label_classification" => labels.Count > 1,
            "multi_label_classification" or "regression" => false,
            _ => labels.Count > 1,
        };
        var reading = options.Reading ?? (problem == "regression" || (!isCost && labels.Count == 1) ? LabelReading.Logit : LabelReading.Probability);
        if (isExclusive && reading != LabelReading.Logit && Array.TrueForAll(chosen, static label => label))
            throw Usage($"all labels are chosen, so that their probability is always 1; choose fewer, or activation=sigmoid", labels);
        if (reading == LabelReading.Logit && chosen.Count(static label => label) > 1)
            throw Usage("as=logit is for one label", labels);
        return new(chosen, isExclusive, reading);
    }

    private static bool[] Choose(IReadOnlyList<string> labels, IReadOnlyList<string> named, bool isCost)
    {
        foreach (var name in named)
            if (!labels.Contains(name))
                throw Usage($"there is no label \"{name}\"", labels);
        string[] chosen = named.Count > 0 || labels.Count == 1
            ? [.. named.Count > 0 ? named : labels]
            : isCost ? [.. labels.Where(SoundsUnsafe)] : [];
        if (named.Count == 0 && chosen.Length != 1)
            throw Usage(chosen.Length == 0 ? "no label is chosen; add label=NAME" : $"{string.Join(" and ", chosen)} both sound unsafe; add label=NAME, once for each that counts", labels);
        return [.. labels.Select(label => chosen.Contains(label))];
    }

    // "non-toxic" and "not_hate" are safe, "unsafe" is not.
    private static bool SoundsUnsafe(string label)
    {
        var name = string.Concat(label.Where(char.IsLetter)).ToLowerInvariant();
        return Array.Exists(s_unsafe, word => name.Contains(word, StringComparison.Ordinal))
            && !Array.Exists(s_negations, negation => Array.Exists(s_unsafe, word => name.Contains(negation + word, StringComparison.Ordinal)));
    }

    private static GuardException Usage(string complaint, IReadOnlyList<string> labels) =>
        new(GuardFault.Usage, $"onnx: {complaint}; id2label is {string.Join(", ", labels.Select(static (label, index) => $"{index}: {label}"))}.");
}

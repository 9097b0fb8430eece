// An ONNX text classifier as a cost or a reward.

using System.Globalization;
using InferenceGuard.Scoring;

namespace InferenceGuard.Onnx;

/// <summary>
/// A text classifier from a Hugging Face folder as a cost or reward (docs/onnx-scorers.md). A prefix has the score of its text, so that
/// a cost can fall again. An answer too long for the network is scored window by window, and the worst window counts: the dearest of a
/// cost, the poorest of a reward.
/// </summary>
public sealed class OnnxScorer : ICost, IReward, IDisposable
{
    private readonly ClassifierGraph _graph;
    private readonly TextTokens _tokens;
    private readonly TextWindows _windows;
    private readonly LabelRule _rule;
    private readonly double _weight;
    private readonly bool _isCost;

    private OnnxScorer(string path, OnnxScorerOptions options, bool isCost)
    {
        var folder = new ClassifierFolder(path);
        var labels = folder.Labels();
        (_isCost, _weight) = (isCost, options.Weight);
        _rule = LabelChoice.Rule(folder, labels, options, isCost);
        _tokens = TextTokens.Open(folder);
        var layout = LayoutOf(folder, options.ReadsPrompt);
        var longest = folder.MaxTokens();
        if (options.MaxTokens > longest)
            throw new GuardException(GuardFault.Usage, $"onnx: max-tokens is {options.MaxTokens}, and {path} takes {longest}; give less, or leave it away.");
        var room = (options.MaxTokens ?? longest) - layout.SpecialTokens;
        if (room < 2)
            throw new GuardException(GuardFault.Usage, $"onnx: max-tokens is {options.MaxTokens ?? longest}, of which {layout.SpecialTokens} are special; at least {layout.SpecialTokens + 2} are needed.");
        if (options.Stride > room)
            throw new GuardException(GuardFault.Usage, $"onnx: stride is {options.Stride}, so that windows of {room} tokens would leave gaps; give less.");
        _windows = new(layout, room, options.Stride);
        _graph = new(folder.ModelPath, labels.Count, options.OnGpu ? ClassifierGraph.Cuda : ClassifierGraph.Cpu);
        Name = NameOf(path, string.Join("+", labels.Where((_, label) => _rule.Chosen[label])), _rule, options);
    }

    /// <summary>The row of the table of schemes.</summary>
    public static ScorerScheme Scheme { get; } = new("onnx", "onnx:DIR[,label=NAME][,weight=w]")
    {
        Cost = static argument => OpenCost(argument.Subject, OnnxScorerOptions.Parse(argument)),
        Reward = static argument => OpenReward(argument.Subject, OnnxScorerOptions.Parse(argument)),
    };

    /// <inheritdoc cref="IScorer.Name" />
    public string Name { get; }

    /// <summary>False: a longer answer can put what came before into another light.</summary>
    public bool IsMonotone => false;

    /// <summary>Opens a classifier as a cost.</summary>
    /// <param name="path">Its folder.</param>
    /// <param name="options">What is chosen about it.</param>
    /// <exception cref="GuardException">The folder lacks something or is broken, or an option does not go with it.</exception>
    public static OnnxScorer OpenCost(string path, OnnxScorerOptions options) => new(path, options, isCost: true);

    /// <summary>Opens a classifier as a reward.</summary>
    /// <param name="path">Its folder.</param>
    /// <param name="options">What is chosen about it.</param>
    /// <exception cref="GuardException">As for <see cref="OpenCost"/>.</exception>
    public static OnnxScorer OpenReward(string path, OnnxScorerOptions options) => new(path, options, isCost: false);

    /// <inheritdoc />
    public double Score(string prompt, string answer, bool ended) => Score(_tokens.Encode(prompt), [answer])[0];

    /// <inheritdoc />
    public IScoringSession Open(string prompt, int slots)
    {
        var tokens = _tokens.Encode(prompt);
        return new TextSession(answers => Score(tokens, answers), slots);
    }

    /// <inheritdoc />
    public void Dispose() => _graph.Dispose();

    // Each text gets what it would get alone.
    private double[] Score(IReadOnlyList<int> prompt, IReadOnlyList<string> answers)
    {
        var inputs = new List<ClassifierInput>();
        var ends = new int[answers.Count];
        for (var answer = 0; answer < answers.Count; answer++)
        {
            inputs.AddRange(_windows.Of(prompt, _tokens.Encode(answers[answer])));
            ends[answer] = inputs.Count;
        }
        var logits = _graph.Run(inputs);
        return [.. ends.Select((end, answer) => Worst(logits.AsSpan()[(answer == 0 ? 0 : ends[answer - 1])..end]))];
    }

    private double Worst(ReadOnlySpan<float[]> windows)
    {
        var worst = _isCost ? double.NegativeInfinity : double.PositiveInfinity;
        foreach (var logits in windows)
        {
            var score = _weight * _rule.Of(logits);
            if (!double.IsFinite(score))
                throw new GuardException(GuardFault.Generation, $"The classifier {Name} scored {score} (logits {string.Join(", ", logits)}); a score must be finite.");
            worst = _isCost ? Math.Max(worst, score) : Math.Min(worst, score);
        }
        return worst;
    }

    // Whatever makes another score of it makes another name, so that what was collected with one is not mixed with the other.
    private static string NameOf(string path, string labels, LabelRule rule, OnnxScorerOptions options) => string.Create(CultureInfo.InvariantCulture,
        $"{Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)))} ({labels} {rule.Reading} by {(rule.IsExclusive ? "softmax" : "sigmoid")}, weight {options.Weight}{(options.ReadsPrompt ? "" : ", answer only")}{(options.MaxTokens is { } most ? $", {most} tokens" : "")}{(options.Stride is { } stride ? $", stride {stride}" : "")})");

    private PairLayout LayoutOf(ClassifierFolder folder, bool readsPrompt) => readsPrompt
        ? PairLayout.Pair(_tokens.Begin, _tokens.Separator, folder.IsRobertaLike)
        : PairLayout.Single(_tokens.Begin, _tokens.Separator);
}

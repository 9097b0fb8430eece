// What can be chosen about an ONNX classifier as a scorer.

using InferenceGuard.Scoring;

namespace InferenceGuard.Onnx;

/// <summary>What can be chosen about an ONNX classifier as a scorer; the defaults follow from its folder.</summary>
public sealed record OnnxScorerOptions
{
    /// <summary>The labels that count, by name. Empty: for a cost the only one that sounds unsafe, for a reward the only one there is.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>What the score is multiplied with.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>What of the labels is the score. Null: the probability, and for a reward by a network with one output its number.</summary>
    public LabelReading? Reading { get; init; }

    /// <summary>Whether one label excludes the others (softmax). Null: as <c>problem_type</c> says, or else whether there are several labels.</summary>
    public bool? IsExclusive { get; init; }

    /// <summary>Whether the classifier reads the prompt before the answer.</summary>
    public bool ReadsPrompt { get; init; } = true;

    /// <summary>Longest input in tokens, special ones included. Null: what the network takes.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Tokens from one window over a long answer to the next. Null: half of a window.</summary>
    public int? Stride { get; init; }

    /// <summary>Whether the network runs on an NVIDIA GPU.</summary>
    public bool OnGpu { get; init; }

    /// <summary>Reads the options of a specification.</summary>
    /// <param name="argument">What follows <c>onnx:</c>.</param>
    /// <exception cref="GuardException">An option is unknown or wrong.</exception>
    public static OnnxScorerOptions Parse(ScorerArgument argument)
    {
        ArgumentNullException.ThrowIfNull(argument);
        argument.AllowOnly("label", "weight", "as", "activation", "input", "max-tokens", "stride", "provider");
        return new()
        {
            Labels = argument.All("label"),
            Weight = argument.Number("weight", 1),
            Reading = argument.Word("as", "probability", "logodds", "logit") switch
            {
                "probability" => LabelReading.Probability,
                "logodds" => LabelReading.LogOdds,
                "logit" => LabelReading.Logit,
                _ => null,
            },
            IsExclusive = argument.Word("activation", "softmax", "sigmoid") is { } activation ? activation == "softmax" : null,
            ReadsPrompt = argument.Word("input", "pair", "answer") != "answer",
            MaxTokens = argument.Count("max-tokens"),
            Stride = argument.Count("stride"),
            OnGpu = argument.Word("provider", ClassifierGraph.Cpu, ClassifierGraph.Cuda) == ClassifierGraph.Cuda,
        };
    }
}

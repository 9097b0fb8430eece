// The kinds of scorers that this command knows.

using InferenceGuard.Onnx;
using InferenceGuard.Scoring;

namespace InferenceGuard.App.Cli;

/// <summary>The kinds of scorers that this command knows: the library's, and those of projects beside it.</summary>
internal static class ScorerSchemes
{
    public static ScorerSpec Known { get; } = new([.. ScorerSpec.BuiltIn, OnnxScorer.Scheme]);
}

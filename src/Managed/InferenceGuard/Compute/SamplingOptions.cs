// How a token is drawn from a row of logits.

namespace InferenceGuard.Compute;

/// <summary>How a token is drawn. Applied in this order: temperature, top-k, top-p, min-p.</summary>
/// <param name="Temperature">Divides the logits; 0 = the most probable token, ties to the lowest index.</param>
/// <param name="TopK">Keeps the k most probable tokens; 0 = all.</param>
/// <param name="TopP">Keeps the smallest set of most probable tokens with at least this mass; 1 = all.</param>
/// <param name="MinP">Keeps tokens at least this fraction as probable as the most probable one; 0 = all.</param>
public readonly record struct SamplingOptions(float Temperature, int TopK, float TopP, float MinP)
{
    /// <summary>Whether any rule removes tokens.</summary>
    internal bool Truncates => TopK > 0 || TopP < 1 || MinP > 0;
}

// What of a label is the score.

namespace InferenceGuard.Onnx;

/// <summary>What of a label is the score.</summary>
public enum LabelReading
{
    /// <summary>Its probability, 0 to 1.</summary>
    Probability,

    /// <summary>ln(p / (1 − p)): positive where it is more likely than not.</summary>
    LogOdds,

    /// <summary>The network's number as it is: what reward models with one output give.</summary>
    Logit,
}

// How spread out the weights of a random model are.

namespace InferenceGuard.Training;

/// <summary>How spread out the weights of a random model are. All are uniform around zero; norms are one.</summary>
public enum InitialWeights
{
    /// <summary>Logits of about the spread of a trained model (rms ≈ 2.5), so that sampling costs what it costs in practice.</summary>
    Lively,

    /// <summary>Small weights from which training goes well: the first loss is about ln V.</summary>
    ForTraining,
}

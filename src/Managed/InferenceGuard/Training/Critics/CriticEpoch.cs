// How far a critic's training is.

namespace InferenceGuard.Training.Critics;

/// <summary>What an epoch has come to. Losses of validation are those of the finished critic on the positions it was not trained on.</summary>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="Epochs">How many there are at most.</param>
/// <param name="TrainingLoss">Mean loss over the epoch: weighted cross-entropy + half the squared error of the standardised reward.</param>
/// <param name="SafeLoss">Cross-entropy of f¹ on the validation prompts, in nats.</param>
/// <param name="RewardLoss">Mean squared error of f² there, in squared standard deviations of the reward.</param>
/// <param name="IsBest">Whether no epoch before was better.</param>
public sealed record CriticEpoch(int Epoch, int Epochs, double TrainingLoss, double SafeLoss, double RewardLoss, bool IsBest);

// What a finished training came to.

namespace InferenceGuard.Training;

/// <summary>What a finished training came to.</summary>
/// <param name="Path">The model.</param>
/// <param name="SizeBytes">Size of the file.</param>
/// <param name="ParameterCount">Trainable numbers.</param>
/// <param name="VocabularySize">Vocabulary size V.</param>
/// <param name="Steps">Optimiser steps.</param>
/// <param name="Tokens">Tokens learnt from in this run, repetitions counted, padding not.</param>
/// <param name="Loss">Mean cross-entropy over the last steps, in nats per token.</param>
/// <param name="HeldOutLoss">Cross-entropy of the held-out documents at the end, in nats per token; null without any.</param>
/// <param name="Elapsed">Time this run took.</param>
public sealed record TrainingReport(
    string Path, long SizeBytes, long ParameterCount, int VocabularySize, int Steps, long Tokens, double Loss, double? HeldOutLoss, TimeSpan Elapsed);

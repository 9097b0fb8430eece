// One input of a classifier.

namespace InferenceGuard.Onnx;

/// <summary>One input of a classifier: the tokens of a window, special ones included.</summary>
/// <param name="Ids">Token ids, [length].</param>
/// <param name="Segments">Segment of each token, [length].</param>
internal readonly record struct ClassifierInput(long[] Ids, long[] Segments);

// Methods that are a search over blocks: plain sampling, beam search, and InferenceGuard itself.

using InferenceGuard.Model;

namespace InferenceGuard.Methods;

/// <summary>A search over blocks.</summary>
/// <param name="decoder">The search; disposed with the method.</param>
public sealed class BlockwiseMethod(GuardedDecoder decoder) : IAnswerMethod
{
    /// <summary>The search, for those who want to see its steps.</summary>
    public GuardedDecoder Decoder => decoder;

    /// <inheritdoc />
    public GuardedAnswer Answer(IReadOnlyList<ChatMessage> messages, CancellationToken cancellation) => decoder.Generate(messages, cancellation: cancellation).Last().Answer!;

    /// <inheritdoc />
    public void Dispose() => decoder.Dispose();
}

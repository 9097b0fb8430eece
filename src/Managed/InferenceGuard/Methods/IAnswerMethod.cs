// A way to answer: the safe search or a baseline.

using InferenceGuard.Model;

namespace InferenceGuard.Methods;

/// <summary>A way to answer a conversation with a frozen model. For one conversation at a time.</summary>
public interface IAnswerMethod : IDisposable
{
    /// <summary>Answers.</summary>
    /// <param name="messages">The conversation, the user's turn last.</param>
    /// <param name="cancellation">Honoured within one decode step.</param>
    /// <exception cref="GuardException">The prompt does not fit, or model, cost or reward failed.</exception>
    GuardedAnswer Answer(IReadOnlyList<ChatMessage> messages, CancellationToken cancellation);
}

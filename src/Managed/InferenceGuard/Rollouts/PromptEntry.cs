// One prompt of a set.

using InferenceGuard.Model;

namespace InferenceGuard.Rollouts;

/// <summary>A prompt of a set.</summary>
/// <param name="Id">Identity in its file: its own, or <c>line-</c> or <c>row-</c> and where it stands.</param>
/// <param name="Prompt">The user's text, the last one of a dialogue.</param>
public sealed record PromptEntry(string Id, string Prompt)
{
    /// <summary>The turns of a dialogue before the prompt, the oldest first; none for a single question.</summary>
    public IReadOnlyList<ChatMessage> Earlier { get; init; } = [];

    /// <summary>What a model is asked: the earlier turns, then the prompt.</summary>
    public IReadOnlyList<ChatMessage> Messages => [.. Earlier, new("user", Prompt)];

    /// <summary>What scorers read as the prompt: all that the user said.</summary>
    public string UserText => ChatMessage.UserText(Messages);

    /// <summary>All of it, for people: the prompt, and for a dialogue who said what.</summary>
    public string Transcript => Earlier.Count == 0 ? Prompt : string.Join('\n', Messages.Select(static message => $"{message.Role}: {message.Content}"));
}

// Messages to prompt tokens, with the template's own markers kept apart from what people wrote.

namespace InferenceGuard.Model;

/// <summary>Turns a conversation into prompt tokens. Special tokens come from the template only, never from a message.</summary>
public abstract class ChatTemplate
{
    /// <summary>The template's name or kind, for people.</summary>
    public abstract string Name { get; }

    /// <summary>Renders a conversation and opens the assistant's turn.</summary>
    /// <param name="messages">The turns, oldest first; at least one.</param>
    /// <returns>Prompt tokens, with the beginning-of-text token where the model wants one.</returns>
    /// <exception cref="GuardException">The conversation is empty or has an unknown role.</exception>
    public abstract TokenId[] Render(IReadOnlyList<ChatMessage> messages);
}

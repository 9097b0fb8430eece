// One turn of a conversation.

namespace InferenceGuard.Model;

/// <summary>One turn of a conversation.</summary>
/// <param name="Role"><c>system</c>, <c>user</c> or <c>assistant</c>; or <see cref="Raw"/>.</param>
/// <param name="Content">The turn's text.</param>
public sealed record ChatMessage(string Role, string Content)
{
    /// <summary>The role of a text that is continued as it stands, without a chat template: the only message of its conversation.</summary>
    public const string Raw = "raw";

    /// <summary>What scorers read as the prompt of a conversation: all that the user said, or the raw text.</summary>
    /// <param name="messages">The conversation.</param>
    public static string UserText(IEnumerable<ChatMessage> messages) =>
        string.Join('\n', messages.Where(static message => message.Role is "user" or Raw).Select(static message => message.Content));
}

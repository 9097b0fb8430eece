// The template of a model that has none: just the newest user text.

namespace InferenceGuard.Model;

/// <summary>For models without a chat template: the prompt is the last user message and nothing else.</summary>
internal sealed class PlainChatTemplate(LlamaCppVocabulary vocabulary) : ChatTemplate
{
    public override string Name => "plain";

    public override TokenId[] Render(IReadOnlyList<ChatMessage> messages)
    {
        LlamaCppChatTemplate.CheckMessages(messages);
        var user = messages.LastOrDefault(m => m.Role == "user")
            ?? throw new GuardException(GuardFault.Usage, "The conversation has no user message; the model has no chat template, so it is all that can be sent.");
        var prompt = new PromptTokens(vocabulary);
        prompt.Append(user.Content, parseSpecial: false);
        return prompt.ToArray();
    }
}

// Chat templates through llama.cpp, with markers in place of what people wrote.

using InferenceGuard.Interop.Llama;

namespace InferenceGuard.Model;

/// <summary>
/// Renders a conversation with a marker in place of each message, then splits the result at the markers: the template's own
/// text is tokenized with special tokens, a message's text never is, whatever it spells.
/// </summary>
internal sealed class LlamaCppChatTemplate : ChatTemplate
{
    private const string ChatMl = "chatml";
    // A blank that templates trim like any other and never contain themselves.
    private const char Blank = '\f';
    private const char MarkerOpen = '\u0002';
    private const char MarkerClose = '\u0003';

    private static readonly string[] s_roles = ["system", "user", "assistant"];

    private readonly ILlamaModel _model;
    private readonly LlamaCppVocabulary _vocabulary;
    private readonly string _template;

    private LlamaCppChatTemplate(string name, ILlamaModel model, LlamaCppVocabulary vocabulary, string template)
    {
        Name = name;
        (_model, _vocabulary, _template) = (model, vocabulary, template);
    }

    public override string Name { get; }

    /// <summary>The model's own template where llama.cpp knows it; ChatML where the vocabulary has its markers; else plain text.</summary>
    public static ChatTemplate Create(ILlamaModel model, LlamaCppVocabulary vocabulary)
    {
        if (model.ChatTemplate is { Length: > 0 } text)
        {
            var own = new LlamaCppChatTemplate("model", model, vocabulary, text);
            if (own.Apply([new ChatMessage("user", "")]) is not null)
                return own;
        }

        return vocabulary.Tokenize("<|im_start|>", parseSpecial: true) is [var start] && vocabulary.IsSpecial(start)
            ? new LlamaCppChatTemplate(ChatMl, model, vocabulary, ChatMl)
            : new PlainChatTemplate(vocabulary);
    }

    public override TokenId[] Render(IReadOnlyList<ChatMessage> messages)
    {
        CheckMessages(messages);
        // Blanks around a marker show whether the template trims a message, which is then done to the message itself.
        var marked = messages.Select((m, i) => m with { Content = $"{Blank}{Marker(i)}{Blank}" }).ToArray();
        var rendered = Apply(marked)
            ?? throw new GuardException(GuardFault.Usage, $"The chat template '{Name}' cannot render these {messages.Count} messages; try without a system message.");

        var prompt = new PromptTokens(_vocabulary);
        var position = 0;
        for (var i = 0; i < messages.Count; i++)
        {
            var marker = Marker(i);
            var start = rendered.IndexOf(marker, position, StringComparison.Ordinal);
            if (start < 0)
                throw new GuardException(GuardFault.Usage, $"The chat template '{Name}' leaves out the {messages[i].Role} message; leave it out of the conversation.");
            var end = start + marker.Length;
            var content = messages[i].Content;
            if (start > position && rendered[start - 1] == Blank)
                start--;
            else
                content = content.TrimStart();
            if (end < rendered.Length && rendered[end] == Blank)
                end++;
            else
                content = content.TrimEnd();
            prompt.Append(rendered[position..start], parseSpecial: true);
            prompt.Append(content, parseSpecial: false);
            position = end;
        }

        prompt.Append(rendered[position..], parseSpecial: true);
        return prompt.ToArray();
    }

    internal static void CheckMessages(IReadOnlyList<ChatMessage> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        if (messages.Count == 0)
            throw new GuardException(GuardFault.Usage, "The conversation is empty; give at least one user message.");
        foreach (var message in messages)
        {
            if (!s_roles.Contains(message.Role))
                throw new GuardException(GuardFault.Usage, $"A message has the role '{message.Role}'; expected {string.Join(", ", s_roles)}.");
        }
    }

    private static string Marker(int index) => $"{MarkerOpen}{index}{MarkerClose}";

    private string? Apply(ChatMessage[] messages) => _model.Render(_template, Array.ConvertAll(messages, static m => (m.Role, m.Content)));
}
